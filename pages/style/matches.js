export default function (component) {
  const { data, parentElement } = component;
  const stage = parentElement.querySelector(".stage");
  const paintings = parentElement.querySelector(".paintings");
  const { rows, columns } = data;
  const matches = data.places.map((text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)));
  stage.querySelector("img").src = data.photo;
  paintings.replaceChildren(...data.paintings.map((address) => {
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
  const formatPercent = (share) => Math.round(100 * share) + "%";
  // Moves a mark, and returns its place in words.
  const moveMark = (parent, y, x) => {
    const mark = parent.querySelector(".mark");
    mark.style.top = 100 * y + "%";
    mark.style.left = 100 * x + "%";
    return formatPercent(x) + " from the left, " + formatPercent(y) + " from the top";
  };
  const movePoint = (y, x) => {
    point.y = Math.min(Math.max(y, 0), 1);
    point.x = Math.min(Math.max(x, 0), 1);
    const row = Math.min(Math.floor(point.y * rows), rows - 1);
    const column = Math.min(Math.floor(point.x * columns), columns - 1);
    const index = 2 * (row * columns + column);
    const photoPlace = moveMark(stage, point.y, point.x);
    const matchedPlaces = matches.map((bytes, n) =>
      moveMark(paintings.children[n], bytes[index] / 255, bytes[index + 1] / 255));
    parentElement.querySelector("figcaption").textContent =
      "Photo: " + photoPlace + ". " +
      matchedPlaces.map((place, n) => "Painting" + (matchedPlaces.length > 1 ? " " + (n + 1) : "") + ": " + place + ".").join(" ");
  };
  const followPointer = (event) => {
    const area = stage.getBoundingClientRect();
    movePoint((event.clientY - area.top) / area.height, (event.clientX - area.left) / area.width);
  };
  stage.onpointerdown = stage.onpointermove = followPointer;
  stage.onkeydown = (event) => {
    const directions = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
    const direction = directions[event.key];
    if (!direction) return;
    event.preventDefault();
    movePoint(point.y + direction[0] / rows, point.x + direction[1] / columns);
  };
  movePoint(point.y, point.x);
}
