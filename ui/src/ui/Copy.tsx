import { ActionIcon, Tooltip } from "@mantine/core";
import { IconCheck, IconCopy } from "@tabler/icons-react";
import { useEffect, useState } from "react";
import classes from "./Copy.module.css";
import { strings } from "./strings";

/** Puts text on the clipboard and says so, to the eye and to screen readers. */
export function CopyButton({ value, label = strings.copy }: { value: string; label?: string }) {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), 1500);
    return () => clearTimeout(timer);
  }, [copied]);
  const copy = async () => {
    await navigator.clipboard.writeText(value);
    setCopied(true);
  };
  return (
    <>
      <Tooltip label={copied ? strings.copied : label}>
        <ActionIcon aria-label={label} onClick={() => void copy()} size={24}>
          {copied ? <IconCheck size={15} /> : <IconCopy size={15} />}
        </ActionIcon>
      </Tooltip>
      <span role="status" className={classes.status}>
        {copied ? strings.copied : ""}
      </span>
    </>
  );
}

/** Monospaced text with its copy button. */
export function CopyText({ value, label }: { value: string; label?: string }) {
  return (
    <span className={classes.text}>
      <code>{value}</code>
      <CopyButton value={value} {...(label !== undefined && { label })} />
    </span>
  );
}
