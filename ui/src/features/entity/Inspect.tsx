import { SegmentedControl } from "@mantine/core";
import { useMemo, useState } from "react";
import { stringify } from "yaml";
import type { Entity } from "@/api/types";
import { CodeBlock } from "@/ui/code/CodeBlock";
import classes from "./Inspect.module.css";
import { strings } from "./strings";

/** The entity exactly as the API delivers it. */
export default function Inspect({ entity }: { entity: Entity }) {
  const [format, setFormat] = useState<"yaml" | "json">("yaml");
  const code = useMemo(() => (format === "yaml" ? stringify(entity, { lineWidth: 0, aliasDuplicateObjects: false }) : JSON.stringify(entity, null, 2)), [entity, format]);
  return (
    <div className={classes.root}>
      <SegmentedControl
        size="xs"
        aria-label={strings.format}
        value={format}
        onChange={(value) => setFormat(value === "json" ? "json" : "yaml")}
        data={[
          { value: "yaml", label: strings.yaml },
          { value: "json", label: strings.json },
        ]}
      />
      <CodeBlock code={code} language={format} label={strings.rawLabel(format === "yaml" ? strings.yaml : strings.json)} />
    </div>
  );
}
