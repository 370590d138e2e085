// The settings of a room, for its hosts: each holds at once, and shows what holds now, whoever has set it.

import { make } from "./dom.ts";
import { text } from "./language.ts";
import type { Act } from "./moderation.ts";
import type { Policy } from "./policy.ts";
import { chosenTime } from "./time.ts";

/** Seconds between two messages that are offered. */
const PACES = [5, 10, 30, 60, 300];

/** One control, and how it follows the policy. */
export interface Setting {
  readonly element: HTMLElement;
  follow(policy: Policy): void;
}

let ids = 0;
const fresh = (): string => `setting-${ids++}`;

/** Ties the control to its label and its sentence. */
function row(control: HTMLElement, label: string, hint: HTMLElement, ...more: HTMLElement[]): HTMLElement {
  control.id = fresh();
  hint.id = fresh();
  control.setAttribute("aria-describedby", hint.id);
  const words = make("label", "", label);
  words.htmlFor = control.id;
  return make("div", "setting", words, hint, make("div", "controls", control, ...more));
}

function button(words: string, act: () => void): HTMLButtonElement {
  const button = make("button", "button", words);
  button.type = "button";
  button.addEventListener("click", act);
  return button;
}

/** Who may write: one of two. */
export function speakers(act: Act): Setting {
  const group = make("fieldset", "setting", make("legend", "", text("who_title")));
  const name = fresh();
  const choices = ([false, true] as const).map((announce) => {
    const input = make("input", "");
    input.type = "radio";
    input.name = name;
    input.addEventListener("change", () => void act("set", { settings: { announce } }));
    group.append(make("label", "tick", input, make("span", "", text(announce ? "who_hosts" : "who_all"))));
    return input;
  });
  group.append(make("p", "hint", text("who_hint")));
  return {
    element: group,
    follow: ({ announce }) => {
      for (const [index, input] of choices.entries()) input.checked = announce === (index === 1);
    },
  };
}

/** A switch that is on or off. */
export function toggle(
  act: Act,
  label: string,
  hint: string,
  isOn: (policy: Policy) => boolean,
  settings: (on: boolean) => object,
): Setting {
  const input = make("input", "");
  input.type = "checkbox";
  input.setAttribute("role", "switch");
  const why = make("p", "hint", hint);
  why.id = fresh();
  input.setAttribute("aria-describedby", why.id);
  let known: Policy | undefined;
  const show = (): void => {
    if (known !== undefined) input.checked = isOn(known);
  };
  input.addEventListener("change", async () => {
    if ((await act("set", { settings: settings(input.checked) })) === undefined) show();
  });
  return {
    element: make("div", "setting", make("label", "tick", input, make("span", "", label)), why),
    follow: (policy) => {
      known = policy;
      show();
    },
  };
}

export function pace(act: Act): Setting {
  const select = make("select", "");
  const offer = (seconds: number): void => {
    select.append(new Option(seconds === 0 ? text("off") : chosenTime(seconds), String(seconds)));
  };
  for (const seconds of [0, ...PACES]) offer(seconds);
  select.addEventListener("change", () => void act("set", { settings: { slow: Number(select.value) } }));
  return {
    element: row(select, text("slow_mode"), make("p", "hint", text("slow_hint"))),
    follow: ({ slow }) => {
      // Another program may have set any number.
      if (![...select.options].some(({ value }) => value === String(slow))) offer(slow);
      select.value = String(slow);
    },
  };
}

export function password(act: Act): Setting {
  const input = make("input", "");
  input.type = "text";
  input.autocomplete = "off";
  input.spellcheck = false;
  const hint = make("p", "hint");
  const form = make("form", "");
  const remove = button(text("password_remove"), () => void act("set", { settings: { password: null } }));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (input.value === "") return;
    const done = await act("set", { settings: { password: input.value } });
    if (done !== undefined) input.value = "";
  });
  form.append(row(input, text("password"), hint, make("button", "button", text("password_set")), remove));
  return {
    element: form,
    follow: (policy) => {
      hint.textContent = text(policy.password ? "password_on" : "password_off");
      if (!policy.password && document.activeElement === remove) input.focus();
      remove.hidden = !policy.password;
    },
  };
}

export function most(act: Act): Setting {
  const input = make("input", "");
  input.type = "number";
  input.min = "1";
  input.inputMode = "numeric";
  const form = make("form", "");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void act("set", { settings: { most: input.value === "" ? null : Number(input.value) } });
  });
  const save = make("button", "button", text("save"));
  form.append(row(input, text("most"), make("p", "hint", text("most_hint")), save));
  return { element: form, follow: ({ most }) => fill(input, most === null ? "" : String(most)) };
}

export function reserved(act: Act): Setting {
  const input = make("textarea", "");
  input.rows = 2;
  input.dir = "auto";
  const form = make("form", "");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const names = input.value.split("\n").map((name) => name.trim());
    void act("set", { settings: { reserved: names.filter((name) => name !== "") } });
  });
  const save = make("button", "button", text("save"));
  form.append(row(input, text("reserved"), make("p", "hint", text("reserved_hint")), save));
  return { element: form, follow: ({ reserved }) => fill(input, reserved.join("\n")) };
}

/** What is being typed stays. */
function fill(input: HTMLInputElement | HTMLTextAreaElement, value: string): void {
  if (document.activeElement !== input) input.value = value;
}
