// Fields of the dialogs' forms, each with its words.

import { make } from "./dom.ts";

let ids = 0;

export function checkbox(): HTMLInputElement {
  const input = make("input", "");
  input.type = "checkbox";
  return input;
}

/** A select of values and their words. */
export function choice(all: readonly (readonly [string, string])[]): HTMLSelectElement {
  const select = make("select", "");
  for (const [value, words] of all) select.append(new Option(words, value));
  return select;
}

export const label = (words: string, field: HTMLElement): HTMLLabelElement =>
  make("label", "", make("span", "", words), field);

/** The same, with a sentence that says more. */
export const described = (words: string, field: HTMLElement, hint: string): HTMLElement =>
  make("div", "described", label(words, field), hintOf(field, hint));

export const tick = (box: HTMLInputElement, words: string): HTMLLabelElement =>
  make("label", "tick", box, make("span", "", words));

export const tickDescribed = (box: HTMLInputElement, words: string, hint: string): HTMLElement =>
  make("div", "described", tick(box, words), hintOf(box, hint));

function hintOf(field: HTMLElement, words: string): HTMLElement {
  const hint = make("p", "hint", words);
  hint.id = `hint-${ids++}`;
  field.setAttribute("aria-describedby", hint.id);
  return hint;
}

/** What stands on each line, without those that are empty. */
export const lines = ({ value }: HTMLTextAreaElement): string[] =>
  value
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");

/** What is wrong with a field, or with another one because of it, is said by the browser when the form is sent; nothing is "". */
export function checked(
  field: HTMLTextAreaElement | HTMLInputElement,
  wrong: () => string,
  faulty: HTMLTextAreaElement | HTMLInputElement = field,
): void {
  field.addEventListener("input", () => faulty.setCustomValidity(wrong()));
}

/** A button of a form that does not send it. */
export function command(words: string, act: (button: HTMLButtonElement) => void): HTMLButtonElement {
  const button = make("button", "button", words);
  button.type = "button";
  button.addEventListener("click", () => act(button));
  return button;
}
