// In the navigation, the link to the open page does nothing. With an item open, it returns to the grid.
export default function () {
  addEventListener("click", (event) => {
    const link = event.target.closest("[data-testid=stSidebarNavLink]");
    const isNewTab = event.ctrlKey || event.metaKey || event.shiftKey;
    if (isNewTab || link?.pathname !== location.pathname) return;
    document.querySelector(".st-key-item_back button, .st-key-compare_back button")?.click();
  });
}
