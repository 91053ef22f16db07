// Writes what the QR code of a PNG file says; ends with 1 when there is none.
import jsQR from "jsqr";
import { PNG } from "pngjs";
import { readFileSync } from "node:fs";

const image = PNG.sync.read(readFileSync(process.argv[2]));
const code = jsQR(new Uint8ClampedArray(image.data), image.width, image.height);
if (!code) {
  console.error("There is no QR code.");
  process.exit(1);
}
console.log(code.data);
