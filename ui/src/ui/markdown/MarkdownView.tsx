import type { ComponentProps } from "react";
import ReactMarkdown, { type Components } from "react-markdown";
import remarkGfm from "remark-gfm";
import { isSafeExternalUrl } from "@/lib/paths";
import { CodeBlock } from "@/ui/code/CodeBlock";

// Raw HTML in the source stays text, links open only what is safe, and images do not load: they would
// tell another origin who reads what.
const components: Components = {
  a: ({ href, children }) => (href !== undefined && isSafeExternalUrl(href) ? <a href={href} rel="noreferrer">{children}</a> : <span>{children}</span>),
  img: ({ alt }) => <em>{alt}</em>,
  pre: ({ children }) => <>{children}</>,
  code: Code,
};

function Code({ className, children }: ComponentProps<"code">) {
  const text = typeof children === "string" ? children : "";
  const language = /language-(\w+)/.exec(className ?? "")?.[1];
  if (language === undefined && !text.includes("\n")) return <code>{children}</code>;
  return <CodeBlock code={text.replace(/\n$/, "")} label={language ?? "code"} {...(language !== undefined && { language })} />;
}

export default function MarkdownView({ source }: { source: string }) {
  return (
    <ReactMarkdown remarkPlugins={[remarkGfm]} components={components} urlTransform={(url) => (isSafeExternalUrl(url) ? url : "")}>
      {source}
    </ReactMarkdown>
  );
}
