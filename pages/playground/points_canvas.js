const COLORS = ["#1f68b4", "#eb7814"], RADIUS = 9, KEY_STEP = 0.05, SEND_MS = 300;

export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  const plane = parentElement.querySelector(".plane"), canvas = parentElement.querySelector("canvas");
  const cursor = parentElement.querySelector(".cursor"), pen = canvas.getContext("2d");
  const classButtons = [0, 1].map((label) => parentElement.querySelector(".class-" + label));
  // Streamlit mounts again at each rerun of the page: the selected class and newer points stay.
  const state = parentElement.state ||= { points: data.points, sent: data.sequence, label: 0, x: 0, y: 0 };
  if (data.sequence >= state.sent) {
    state.points = data.points;
    state.sent = data.sequence;
  }
  const draw = () => {
    const side = canvas.width;
    pen.clearRect(0, 0, side, side);
    pen.strokeStyle = "#d0d0d0";
    pen.beginPath();
    pen.moveTo(side / 2, 0);
    pen.lineTo(side / 2, side);
    pen.moveTo(0, side / 2);
    pen.lineTo(side, side / 2);
    pen.stroke();
    for (const [x, y, label] of state.points) {
      pen.beginPath();
      pen.arc((x + 1) / 2 * side, (1 - y) / 2 * side, RADIUS, 0, 2 * Math.PI);
      pen.fillStyle = COLORS[label];
      pen.fill();
    }
    cursor.style.left = 50 * (state.x + 1) + "%";
    cursor.style.top = 50 * (1 - state.y) + "%";
    classButtons.forEach((button, label) => button.setAttribute("aria-pressed", String(label === state.label)));
    const counts = [0, 1].map((label) => state.points.filter((point) => point[2] === label).length);
    parentElement.querySelector("p").textContent = counts[0] + " points of class 0, " + counts[1] + " of class 1";
    for (const name of [".undo", ".clear"]) parentElement.querySelector(name).disabled = !state.points.length;
  };
  const change = (points) => {
    state.points = points.slice(0, data.max);
    state.sent += 1;
    clearTimeout(state.timer);
    state.timer = setTimeout(() => setTriggerValue("points", { sequence: state.sent, points: state.points }), SEND_MS);
    draw();
  };
  const limit = (value) => Math.min(1, Math.max(-1, Math.round(value * 1000) / 1000));
  const add = (x, y) => change([...state.points, [limit(x), limit(y), state.label]]);
  plane.setAttribute("aria-label", data.label);
  plane.onclick = (event) => {
    const area = canvas.getBoundingClientRect();
    add((event.clientX - area.left) / area.width * 2 - 1, 1 - (event.clientY - area.top) / area.height * 2);
  };
  plane.onkeydown = (event) => {
    const directions = { ArrowUp: [0, 1], ArrowDown: [0, -1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };
    const direction = directions[event.key];
    if (direction) {
      state.x = limit(state.x + direction[0] * KEY_STEP);
      state.y = limit(state.y + direction[1] * KEY_STEP);
    } else if (event.key === " ") {
      add(state.x, state.y);
    } else if (event.key === "z" && (event.ctrlKey || event.metaKey)) {
      change(state.points.slice(0, -1));
    } else if (event.key === "0" || event.key === "1") {
      state.label = Number(event.key);
    } else {
      return;
    }
    event.preventDefault();
    draw();
  };
  classButtons.forEach((button, label) => {
    button.onclick = () => {
      state.label = label;
      draw();
    };
  });
  parentElement.querySelector(".undo").onclick = () => change(state.points.slice(0, -1));
  parentElement.querySelector(".clear").onclick = () => change([]);
  draw();
}
