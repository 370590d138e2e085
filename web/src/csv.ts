// Lists of names as tables, in and out, as the server reads and writes them (`csv.rs` in alert-core).

/** Where a formula would begin, also by the wide signs of East Asian versions, and behind what cannot be seen. */
const FORMULA =
  "(?=(?:[^\\S\\t\\n]|[\\ufeff\\u200b-\\u200f\\u061c\\u2060])*[=+\\-@\\uff1d\\uff0b\\uff0d\\uff20])";
const BEGINS_FORMULA = new RegExp(`^${FORMULA}`, "u");
/** If a spreadsheet uses another separator than the file, as in some countries, quotes count for nothing. */
const MAY_BEGIN_FORMULA = new RegExp(`(^|;)${FORMULA}`, "gu");

/** A table of names, under the heading `name`. What somebody is called must not become a formula: a `'` marks it as text. */
export const namesTable = (names: readonly string[]): string => ["name", ...names].map(row).join("");

const row = (name: string): string => `"${name.replace(MAY_BEGIN_FORMULA, "$1'").replaceAll('"', '""')}"\r\n`;

/** The names in the first column of a table, perhaps under the heading `name`. */
export function namesIn(table: string): string[] {
  const cells = firstColumn(table.replace(/^\ufeff+/u, ""))
    .map((cell) => cell.trim())
    .map((cell) => (cell.startsWith("'") && BEGINS_FORMULA.test(cell.slice(1)) ? cell.slice(1) : cell))
    .filter((cell) => cell !== "");
  return cells[0]?.toLowerCase() === "name" ? cells.slice(1) : cells;
}

/** The first cell of each row. A cell that begins with a quote ends with one, and has two where it holds one. */
function firstColumn(table: string): string[] {
  const separator = separatorOf(table);
  const cells: string[] = [];
  let [cell, column, isQuoted, isAtStart] = ["", 0, false, true];
  for (let at = 0; at < table.length; at++) {
    const character = table.charAt(at);
    let words = character;
    if (isQuoted && character === '"' && table.charAt(at + 1) === '"') at++;
    else if (character === '"' && (isQuoted || isAtStart)) {
      isQuoted = !isQuoted;
      words = "";
    } else if (!isQuoted && character === separator) {
      column++;
      isAtStart = true;
      continue;
    } else if (!isQuoted && /[\r\n]/u.test(character)) {
      cells.push(cell);
      [cell, column, isAtStart] = ["", 0, true];
      continue;
    }
    isAtStart = false;
    if (column === 0) cell += words;
  }
  return [...cells, cell];
}

/** What is between the columns: outside of quotes, a semicolon or a tab counts more than a comma. */
function separatorOf(table: string): string {
  const first = table.split("\n").find((line) => line.trim() !== "") ?? "";
  const open = first.split('"').filter((_, at) => at % 2 === 0);
  return [";", "\t"].find((one) => open.some((part) => part.includes(one))) ?? ",";
}
