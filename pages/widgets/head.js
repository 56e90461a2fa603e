// Runs before Streamlit, in the head of every page.

// Without this line, each page looks for its server below its own address and logs two 404.
window.__streamlit = { BACKEND_BASE_URL: new URL("./", location.href).href };
// browser_history.js gets Back before Streamlit does.
addEventListener("popstate", (event) => window.closeLightboxOnBack?.(event));
