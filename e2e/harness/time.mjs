// Deadlines: a test waits for what has to happen, and says what did not.

/** What is waited for usually comes in milliseconds; it may take this long on a machine that is busy. */
export const DEADLINE = 15_000;

/** The promise's value; an error that names `what` if it takes longer than `limit` ms. `detail` adds to that error. */
export async function within(limit, what, promise, detail = () => "") {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited ${limit} ms for ${what}\n${detail()}`)), limit);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
