import assert from "node:assert/strict";
import { test } from "node:test";
import { namesIn, namesTable } from "../src/csv.ts";

// The same as in csv.rs of alert-core.
test("the first column is read as spreadsheets write it, without a heading", () => {
  for (const [table, names] of [
    ["", []],
    ["Ada\nBea\r\n\r\nCy", ["Ada", "Bea", "Cy"]],
    ['\ufeffName,class\r\n"Ortega, Ms",7b\r\n,7b\r\n', ["Ortega, Ms"]],
    ["Ada;7b\nBea;7c\n", ["Ada", "Bea"]],
    ["Ada\nname\n", ["Ada", "name"]],
    ["Ortega, Ada;7b\nOrtega, Bea;7b\n", ["Ortega, Ada", "Ortega, Bea"]],
    ['Name, first name;class\n"Ortega, Ada";7b\n', ["Name, first name", "Ortega, Ada"]],
    ['"a;b",7b\nBea,7c\n', ["a;b", "Bea"]],
    ["Ortega, Ada\t7b\n", ["Ortega, Ada"]],
    [' Ada , x\n"say ""hi"""\nB"e"a\n', ["Ada", 'say "hi"', 'B"e"a']],
    ['Ada,"7b\nor 7c"\nBea', ["Ada", "Bea"]],
    ["'=1\n'twas\n", ["=1", "'twas"]],
  ] as const)
    assert.deepEqual(namesIn(table), names, table);
});

test("names become a table in which no formula begins, and are read again from it", () => {
  for (const [name, cell] of [
    ["Ada", "Ada"],
    ["=1", "'=1"],
    ["-x;=y", "'-x;'=y"],
    ["\u200b\u00a0=1", "'\u200b\u00a0=1"],
    ["\uff1d1", "'\uff1d1"],
    ["1-2=3 a@b.c", "1-2=3 a@b.c"],
    ['O\'Hara, "Sam"', 'O\'Hara, ""Sam""'],
  ] as const)
    assert.equal(namesTable([name]), `"name"\r\n"${cell}"\r\n`);
  const names = ["Ada", "=1", 'O\'Hara, "Sam"', "name"];
  assert.deepEqual(namesIn(namesTable(names)), names);
});
