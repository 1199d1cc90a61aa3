import { Button } from "@mantine/core";
import { useEffect, useState, type ReactNode } from "react";
import { CopyButton } from "@/ui/Copy";
import { strings } from "@/ui/strings";
import classes from "./CodeBlock.module.css";

/** Above this many characters colour costs more than it gives. */
const MOST_COLOURED = 200_000;
/** Lines shown before "Show everything". */
const MOST_LINES = 400;

interface CodeBlockProps {
  code: string;
  language?: string;
  /** Names the block for screen readers, and its copy button. */
  label: string;
}

/** Code with colours that arrive when their chunk does, a copy button and, when long, a fold. */
export function CodeBlock({ code, language, label }: CodeBlockProps) {
  const [open, setOpen] = useState(false);
  const [wrap, setWrap] = useState(false);
  const lines = code.split("\n");
  const folded = !open && lines.length > MOST_LINES;
  const shown = folded ? lines.slice(0, MOST_LINES).join("\n") : code;
  const coloured = useHighlight(shown, language);
  return (
    <figure className={classes.root} aria-label={label}>
      <div className={classes.tools}>
        {language !== undefined && <span className={classes.language}>{language}</span>}
        <Button variant="subtle" color="gray" size="compact-xs" aria-pressed={wrap} onClick={() => setWrap(!wrap)}>
          {strings.wrapLines}
        </Button>
        <CopyButton value={code} label={`${strings.copy} ${label}`} />
      </div>
      <pre className={classes.code} data-wrap={wrap} tabIndex={0} aria-label={label}>
        <code>{coloured ?? shown}</code>
      </pre>
      {folded && (
        <div className={classes.fold}>
          <Button variant="default" onClick={() => setOpen(true)}>
            {`${strings.showAll} (${strings.logLines(String(lines.length))})`}
          </Button>
        </div>
      )}
    </figure>
  );
}

function useHighlight(code: string, language: string | undefined): ReactNode {
  const [coloured, setColoured] = useState<{ code: string; node: ReactNode }>();
  useEffect(() => {
    if (language === undefined || code.length > MOST_COLOURED) return;
    let current = true;
    void import("./highlight").then(
      ({ highlight }) => {
        if (current) setColoured({ code, node: highlight(code, language) });
      },
      () => undefined, // The chunk is gone after an upgrade: the code stays readable without colours.
    );
    return () => {
      current = false;
    };
  }, [code, language]);
  return coloured?.code === code ? coloured.node : undefined;
}
