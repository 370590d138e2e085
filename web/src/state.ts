// The state of the connection as the person at the page should see it, as a pure state machine.

/** What the page claims about its connection. */
export type Phase = "connecting" | "connected" | "reconnecting" | "lost";

/**
 * Why a connection counts as lost. `offline` and `unreachable` heal by themselves; `ended` (by the server) and
 * `refused` (the server did not let us in) and `outside` (the room's hosts did not) need the person; `left` was the
 * person's own wish.
 */
export type Why = "offline" | "unreachable" | "ended" | "refused" | "outside" | "left";

export interface State {
  readonly phase: Phase;
  /** Set exactly when the phase is `lost`. */
  readonly why: Why | null;
  /** The moment from which messages may be missing (ms since 1970); null while none are, or before the first join. */
  readonly missingSince: number | null;
}

export type Change =
  | { readonly kind: "joined" }
  | { readonly kind: "dropped"; readonly at: number }
  | { readonly kind: "retrying" }
  | { readonly kind: "gave-up"; readonly why: Why };

export const start: State = { phase: "connecting", why: null, missingSince: null };

/** The state after a change; the very same object if nothing changes. */
export function next(state: State, change: Change): State {
  switch (change.kind) {
    case "joined":
      return state.phase === "connected" ? state : { phase: "connected", why: null, missingSince: null };
    case "dropped":
      // Only the first loss counts: messages are missing from then on.
      return state.phase === "connected"
        ? { phase: "reconnecting", why: null, missingSince: change.at }
        : state;
    case "retrying":
      if (state.phase !== "lost") return state;
      return { ...state, phase: state.missingSince === null ? "connecting" : "reconnecting", why: null };
    case "gave-up":
      // A connection that works is not lost, whatever a timer or the browser's idea of "offline" says.
      if (state.phase === "connected" && heals(change.why)) return state;
      // The first reason stays; only one that does not heal by itself replaces it.
      if (state.why !== null && (!heals(state.why) || heals(change.why))) return state;
      return { ...state, phase: "lost", why: change.why };
  }
}

/** Whether the page keeps trying by itself. */
export const heals = (why: Why): boolean => why === "offline" || why === "unreachable";
