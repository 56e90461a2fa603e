// The page of a language model: continues a text one character at a time.

const EPSILON = 1e-6; // of RMSNorm
const ROTARY_BASE = 10000;
const SLICE_SECONDS = 0.02; // of computation between two updates of the page

/** Converts the 16 bits of a float16 to a number. */
function decodeHalf(bits) {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (!exponent) return sign * fraction * 2 ** -24;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** Splits float16 bytes into arrays of these shapes. */
function readArrays(bytes, shapes) {
  const table = Float32Array.from({ length: 65536 }, (_, bits) => decodeHalf(bits));
  const halves = new Uint16Array(bytes.buffer, 0, bytes.length / 2);
  let start = 0;
  return shapes.map((shape) => {
    const size = shape.reduce((product, side) => product * side, 1);
    start += size;
    return Float32Array.from(halves.subarray(start - size, start), (bits) => table[bits]);
  });
}

/** Adds the product of a vector and a matrix, `(vector.length, result.length)`, to a vector. */
function addProduct(result, vector, matrix) {
  const columns = result.length;
  for (let row = 0; row < vector.length; row++) {
    const value = vector[row];
    for (let n = 0, at = row * columns; n < columns; n++) result[n] += value * matrix[at + n];
  }
  return result;
}

/** Returns the products of the rows of a matrix and a vector. */
function multiplyRows(matrix, vector) {
  const result = new Float32Array(matrix.length / vector.length);
  for (let row = 0; row < result.length; row++) {
    for (let n = 0; n < vector.length; n++) result[row] += matrix[row * vector.length + n] * vector[n];
  }
  return result;
}

const sigmoid = (x) => 1 / (1 + Math.exp(-x));
const readRow = (matrix, row, width) => matrix.subarray(row * width, (row + 1) * width);

/** An LSTM or GRU with Keras' weights. Returns a function from a character to the logits of the next one. */
function createRecurrent(arrays, data) {
  const embedding = arrays[0];
  const [head, bias] = arrays.slice(-2);
  const width = data.shapes[0][1];
  const layers = Array.from({ length: data.layers }, (_, n) => {
    const [kernel, recurrent, offset] = arrays.slice(1 + 3 * n, 4 + 3 * n);
    const units = data.shapes[2 + 3 * n][0];
    return { kernel, recurrent, offset, units, hidden: new Float32Array(units), cell: new Float32Array(units) };
  });

  function stepLstm(layer, input) {
    const { kernel, recurrent, offset, units, hidden, cell } = layer;
    const z = addProduct(addProduct(offset.slice(), input, kernel), hidden, recurrent);
    for (let n = 0; n < units; n++) {
      cell[n] = sigmoid(z[units + n]) * cell[n] + sigmoid(z[n]) * Math.tanh(z[2 * units + n]);
      hidden[n] = sigmoid(z[3 * units + n]) * Math.tanh(cell[n]);
    }
    return hidden;
  }

  function stepGru(layer, input) {
    const { kernel, recurrent, offset, units, hidden } = layer;
    const projected = addProduct(offset.slice(0, 3 * units), input, kernel);
    const z = addProduct(offset.slice(3 * units), hidden, recurrent);
    for (let n = 0; n < units; n++) {
      const update = sigmoid(projected[n] + z[n]);
      const reset = sigmoid(projected[units + n] + z[units + n]);
      const candidate = Math.tanh(projected[2 * units + n] + reset * z[2 * units + n]);
      hidden[n] = update * hidden[n] + (1 - update) * candidate;
    }
    return hidden;
  }

  return (index) => {
    let x = readRow(embedding, index, width);
    for (const layer of layers) x = data.architecture === "lstm" ? stepLstm(layer, x) : stepGru(layer, x);
    if (!data.tied) return addProduct(bias.slice(), x, head);
    return multiplyRows(embedding, addProduct(new Float32Array(width), x, head)).map((value, n) => value + bias[n]);
  };
}

/** Divides by the root mean square (RMSNorm), and multiplies by scales. */
function normalize(x, scales) {
  const factor = 1 / Math.sqrt(x.reduce((sum, value) => sum + value * value, 0) / x.length + EPSILON);
  return x.map((value, n) => value * factor * scales[n]);
}

/** Rotates the two halves of a vector by its position (arXiv:2104.09864). */
function rotate(x, position) {
  const half = x.length / 2;
  const result = new Float32Array(x.length);
  for (let n = 0; n < half; n++) {
    const angle = position * ROTARY_BASE ** (-n / half);
    result[n] = x[n] * Math.cos(angle) - x[half + n] * Math.sin(angle);
    result[half + n] = x[n] * Math.sin(angle) + x[half + n] * Math.cos(angle);
  }
  return result;
}

/** A Transformer. Returns a function from a character to the logits of the next one. */
function createTransformer(arrays, data) {
  const units = data.shapes[0][1];
  const size = units / data.heads;
  const embedding = arrays[0];
  const finalNorm = arrays.at(-1);
  const blocks = Array.from({ length: data.layers }, (_, n) => ({ weights: arrays.slice(1 + 8 * n, 9 + 8 * n), cache: [] }));
  let position = 0;

  function attend({ weights, cache }, x) {
    const [attentionNorm, queryKeyValue, queryNorm, keyNorm] = weights;
    const projected = addProduct(new Float32Array(3 * units), normalize(x, attentionNorm), queryKeyValue);
    const split = (part) => Array.from({ length: data.heads }, (_, head) => readRow(projected, part * data.heads + head, size));
    const [queries, keys, values] = [split(0), split(1), split(2)];
    cache.push({ keys: keys.map((key) => rotate(normalize(key, keyNorm), position)), values });
    if (cache.length > data.window) cache.shift();
    const mixed = new Float32Array(units);
    queries.forEach((raw, head) => {
      const query = rotate(normalize(raw, queryNorm), position);
      const scores = cache.map(({ keys: known }) => known[head].reduce((sum, value, n) => sum + value * query[n], 0) / Math.sqrt(size));
      const most = Math.max(...scores);
      const shares = scores.map((score) => Math.exp(score - most));
      const total = shares.reduce((sum, share) => sum + share, 0);
      cache.forEach((entry, at) => {
        for (let n = 0; n < size; n++) mixed[head * size + n] += (shares[at] / total) * entry.values[head][n];
      });
    });
    return mixed;
  }

  return (index) => {
    let x = readRow(embedding, index, units).slice();
    for (const block of blocks) {
      const [output, mlpNorm, expand, contract] = block.weights.slice(4);
      x = addProduct(x, attend(block, x), output);
      const hidden = addProduct(new Float32Array(4 * units), normalize(x, mlpNorm), expand);
      x = addProduct(x, hidden.map((value) => Math.max(0, value) ** 2), contract);
    }
    position++;
    return multiplyRows(embedding, normalize(x, finalNorm));
  };
}

/** Draws the index of the next character; at temperature 0 the likeliest. */
function sampleIndex(logits, temperature, random) {
  const most = Math.max(...logits);
  if (temperature < 1e-3) return logits.indexOf(most);
  const weights = Array.from(logits, (logit) => Math.exp((logit - most) / temperature));
  let rest = random() * weights.reduce((sum, weight) => sum + weight, 0);
  const found = weights.findIndex((weight) => (rest -= weight) < 0);
  return found < 0 ? weights.length - 1 : found;
}

export default async function show({ app, create, createRandom, data, say, unpack }) {
  const arrays = readArrays(await unpack("file-weights"), data.shapes);
  const createNetwork = data.architecture === "transformer" ? createTransformer : createRecurrent;
  const characters = Array.from(data.characters);
  const prompt = create("textarea", { rows: 3, value: data.prompt });
  const shown = create("span", {}, String(data.temperature));
  const temperature = create("input", { type: "range", min: 0, max: 1.5, step: 0.05, value: data.temperature });
  const seed = create("input", { type: "number", min: 0, max: 4294967295, step: 1, value: 1 });
  const text = create("div", { className: "text", role: "region", "aria-label": "The text" });
  const start = create("button", { type: "button", className: "main", textContent: "Write" });
  let run = 0; // number of the current text; 0 while there is none
  let runs = 0;

  /** Writes a text, until it is long enough or another run begins. */
  async function write() {
    const mine = (run = ++runs);
    start.textContent = "Stop";
    const random = createRandom(seed.value);
    const step = createNetwork(arrays, data);
    const known = Array.from(prompt.value).filter((character) => characters.includes(character));
    const dropped = [...new Set(prompt.value)].filter((character) => !characters.includes(character));
    say(dropped.length ? `The model does not know ${dropped.join(" ")}, so it is left out.` : "");
    text.textContent = known.join("");
    // An empty prompt starts after a line break.
    const indices = known.length ? known.map((character) => characters.indexOf(character)) : [Math.max(0, characters.indexOf("\n"))];
    let logits;
    let pause = performance.now();
    const rest = async () => {
      if (performance.now() - pause < 1000 * SLICE_SECONDS) return;
      await new Promise((resolve) => setTimeout(resolve));
      pause = performance.now();
    };
    for (const index of indices) {
      logits = step(index);
      await rest();
      if (run !== mine) return;
    }
    for (let n = 0; n < data.count; n++) {
      const index = sampleIndex(logits, Number(temperature.value), random);
      text.append(characters[index]);
      logits = step(index);
      await rest();
      if (run !== mine) return;
    }
    stop();
  }

  function stop() {
    run = 0;
    start.textContent = "Write";
  }

  start.addEventListener("click", () => {
    if (run) return stop();
    if (text.textContent) seed.value = (Number(seed.value) + 1) % 4294967296; // another text
    write();
  });
  temperature.addEventListener("input", () => (shown.textContent = temperature.value));
  app.append(
    create("label", { className: "field" }, "Prompt", prompt),
    create("label", { className: "field" }, "Temperature: lower is more predictable ", shown, temperature),
    create("div", { className: "row" }, start, create("label", {}, "Seed ", seed)),
    text,
  );
}
