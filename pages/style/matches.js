export default function (component) {
  const { data, parentElement } = component;
  const stage = parentElement.querySelector(".stage");
  const box = parentElement.querySelector(".paintings");
  const { rows, columns } = data;
  const places = data.places.map((text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)));
  stage.querySelector("img").src = data.photo;
  box.replaceChildren(...data.paintings.map((address) => {
    const painting = document.createElement("div");
    const image = document.createElement("img");
    const mark = document.createElement("span");
    painting.className = "painting";
    mark.className = "mark";
    image.src = address;
    image.alt = "";
    painting.append(image, mark);
    return painting;
  }));
  // Streamlit mounts again at each rerun of the page: the point stays.
  const point = parentElement.point ||= { y: 0.5, x: 0.5 };
  const percent = (share) => Math.round(100 * share) + " %";
  const put = (parent, y, x) => {
    const mark = parent.querySelector(".mark");
    mark.style.top = 100 * y + "%";
    mark.style.left = 100 * x + "%";
    return percent(x) + " from the left, " + percent(y) + " from the top";
  };
  const move = (y, x) => {
    point.y = Math.min(Math.max(y, 0), 1);
    point.x = Math.min(Math.max(x, 0), 1);
    const row = Math.min(Math.floor(point.y * rows), rows - 1);
    const column = Math.min(Math.floor(point.x * columns), columns - 1);
    const at = 2 * (row * columns + column);
    const photo = put(stage, point.y, point.x);
    const matched = places.map((each, n) => put(box.children[n], each[at] / 255, each[at + 1] / 255));
    parentElement.querySelector("figcaption").textContent =
      "Photo: " + photo + ". " +
      matched.map((place, n) => "Painting" + (matched.length > 1 ? " " + (n + 1) : "") + ": " + place + ".").join(" ");
  };
  const follow = (event) => {
    const area = stage.getBoundingClientRect();
    move((event.clientY - area.top) / area.height, (event.clientX - area.left) / area.width);
  };
  stage.onpointerdown = stage.onpointermove = follow;
  stage.onkeydown = (event) => {
    const steps = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
    const step = steps[event.key];
    if (!step) return;
    event.preventDefault();
    move(point.y + step[0] / rows, point.x + step[1] / columns);
  };
  move(point.y, point.x);
}
