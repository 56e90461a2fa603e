// Classifies an image. First: npm install @tensorflow/tfjs, and unpack the zip next to your page.
import * as tf from "@tensorflow/tfjs";

const CLASSES = [];
// THRESHOLD_NOTE
export const THRESHOLD = 0;

// `image`: an <img>, <video> or <canvas>. Returns [name, probability] pairs, the most probable first.
export async function classify(image, address = "model.json") {
  const model = await tf.loadLayersModel(address);
  const [, height, width] = model.inputs[0].shape;
  const probabilities = tf.tidy(() => {
    const pixels = tf.browser.fromPixels(image);
    const [tall, wide] = pixels.shape;
    const step = Math.min(tall / height, wide / width);
    const rows = Math.round(step * height), columns = Math.round(step * width);
    const middle = pixels.slice([(tall - rows) >> 1, (wide - columns) >> 1, 0], [rows, columns, 3]);
    const resized = tf.image.resizeBilinear(middle, [height, width]);
    return model.predict(resized.div(127.5).sub(1).expandDims(0)).dataSync();
  });
  return CLASSES.map((name, n) => [name, probabilities[n]]).sort((one, other) => other[1] - one[1]);
}
