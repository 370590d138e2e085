// Words with blanks, such as "Leave by the {door} door" (docs/protocol-v2.md, "Prepared alerts").

/** With its blanks filled; one that nothing is known of stays as it is. */
export function fill(template: string, values: ReadonlyMap<string, string>): string {
  return template.replace(/\{([^{}]*)\}/g, (blank, name: string) => values.get(name)?.trim() || blank);
}

/** Whether every brace in it makes a blank that the server takes. */
export const isTemplate = (template: string): boolean =>
  !/[{}]/.test(template.replace(/\{[\p{L}\p{N}_-]{1,32}\}/gu, ""));
