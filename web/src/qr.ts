// A link as a QR code.

const SVG = "http://www.w3.org/2000/svg";
/** The white margin, in modules, that the specification asks for around a QR code. */
const QUIET = 4;

/** The picture, which is called `label`; nothing, where the link is too long. Only whoever sees one loads what draws it. */
export async function qrCode(link: string, label: string): Promise<SVGSVGElement | undefined> {
  const { encode } = await import("uqr");
  let code: ReturnType<typeof encode>;
  try {
    code = encode(link, { ecc: "M", border: QUIET });
  } catch {
    return undefined;
  }
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", `0 0 ${code.size} ${code.size}`);
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", label);
  svg.setAttribute("shape-rendering", "crispEdges");
  const path = document.createElementNS(SVG, "path");
  const dark = code.data.flatMap((row, y) => row.flatMap((is, x) => (is ? [`M${x} ${y}h1v1h-1z`] : [])));
  path.setAttribute("d", dark.join(""));
  svg.append(path);
  return svg;
}
