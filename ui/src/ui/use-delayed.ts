import { useEffect, useState } from "react";

/** Becomes true after the delay, so that what loads quickly shows no skeleton at all. */
export function useDelayed(delayMs = 150): boolean {
  const [passed, setPassed] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setPassed(true), delayMs);
    return () => clearTimeout(timer);
  }, [delayMs]);
  return passed;
}
