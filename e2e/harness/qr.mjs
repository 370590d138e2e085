// Reads a QR code of a page.

import jsQR from "jsqr";

/** What the code says that this `svg` element draws. */
export async function readQr(picture) {
  const { data, size } = await picture.evaluate(async (svg) => {
    const scale = 3;
    const size = scale * svg.viewBox.baseVal.width;
    const context = Object.assign(document.createElement("canvas"), {
      width: size,
      height: size,
    }).getContext("2d");
    context.fillStyle = "white";
    context.fillRect(0, 0, size, size);
    context.scale(scale, scale);
    context.fillStyle = "black";
    context.fill(new Path2D(svg.querySelector("path").getAttribute("d")));
    return { data: [...context.getImageData(0, 0, size, size).data], size };
  });
  return jsQR(Uint8ClampedArray.from(data), size, size)?.data;
}
