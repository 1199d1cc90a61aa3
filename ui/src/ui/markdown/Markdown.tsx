import { lazy, Suspense } from "react";
import classes from "./Markdown.module.css";

const MarkdownView = lazy(() => import("./MarkdownView"));

/** Markdown of a description or an announcement. Until its chunk is here, and for plain text, the source is shown. */
export function Markdown({ source }: { source: string }) {
  return (
    <div className={classes.root}>
      <Suspense fallback={<p>{source}</p>}>
        <MarkdownView source={source} />
      </Suspense>
    </div>
  );
}
