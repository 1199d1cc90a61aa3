// Chance that repeats itself: the same seed makes the same descriptors and refs on every machine.

/** What the tests draw from. Another seed draws others: CALLBOARD_SEED=42 npm test. */
export const seed = Number(process.env.CALLBOARD_SEED ?? 20261124) >>> 0;

/** A source of chance (mulberry32). Two with the same start give the same. */
export function chance(start) {
  let state = start >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  /** An integer from 0 up to, and without, n. */
  const below = (n) => Math.floor(next() * n);
  return { below, pick: (list) => list[below(list.length)], odds: (share) => next() < share };
}
