import { Tooltip, VisuallyHidden } from "@mantine/core";
import { useEffect, useState } from "react";
import { exactTime, relativeTime } from "@/lib/time";

/** A time as people say it; the exact one on hover, on focus and for screen readers. */
export function RelativeTime({ value }: { value: string | Date }) {
  const [now, setNow] = useState(() => new Date());
  useEffect(() => {
    const timer = setInterval(() => setNow(new Date()), 60_000);
    return () => clearInterval(timer);
  }, []);
  const then = typeof value === "string" ? new Date(value) : value;
  if (Number.isNaN(then.getTime())) return <span>–</span>;
  const exact = exactTime(then);
  return (
    <Tooltip label={exact}>
      <time dateTime={then.toISOString()}>
        <span aria-hidden="true">{relativeTime(then, now)}</span>
        <VisuallyHidden>{exact}</VisuallyHidden>
      </time>
    </Tooltip>
  );
}
