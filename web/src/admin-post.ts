// Has the server do something.

/** What the server answers, or in words why it did not do it. */
export async function post(path: string, body: unknown): Promise<unknown> {
  try {
    const headers = { "content-type": "application/json" };
    const response = await fetch(path, { method: "POST", headers, body: JSON.stringify(body) });
    return response.ok ? await response.json() : (await response.text()).trim();
  } catch {
    return "The server does not answer.";
  }
}
