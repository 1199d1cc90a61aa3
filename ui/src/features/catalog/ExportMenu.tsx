import { Button, Menu, Progress } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { useEffect, useRef, useState } from "react";
import type { EntityQuery, ModelField } from "@/api/types";
import { downloadText } from "@/lib/export";
import { formatCount } from "@/lib/units";
import { useToast } from "@/ui/toast";
import { exportAll, type ExportFormat } from "./export-all";
import classes from "./ExportMenu.module.css";
import { strings } from "./strings";

const TYPES: Record<ExportFormat, string> = { csv: "text/csv", json: "application/json" };

/** Saves everything that the query finds as a file, with its progress and a way to stop it. */
export function ExportMenu({ list, fields }: { list: EntityQuery; fields: readonly ModelField[] }) {
  const toast = useToast();
  const running = useRef<AbortController>(null);
  const [progress, setProgress] = useState<{ done: number; total: number }>();
  useEffect(() => () => running.current?.abort(), []);

  const start = async (format: ExportFormat) => {
    const abort = new AbortController();
    running.current = abort;
    setProgress({ done: 0, total: 0 });
    try {
      let count = 0;
      const pieces = await exportAll({
        format,
        list,
        fields,
        signal: abort.signal,
        onProgress: (done, total) => {
          count = done;
          setProgress({ done, total });
        },
      });
      downloadText(`catalog.${format}`, TYPES[format], pieces);
      toast({ text: strings.exported(formatCount(count), `catalog.${format}`) });
    } catch (error) {
      toast({ text: abort.signal.aborted ? strings.exportCancelled : strings.exportFailed(error instanceof Error ? error.message : String(error)) });
    } finally {
      running.current = null;
      setProgress(undefined);
    }
  };

  if (progress) {
    const share = progress.total === 0 ? 0 : (100 * progress.done) / progress.total;
    return (
      <div className={classes.running}>
        <Progress value={share} aria-label={strings.exporting} className={classes.bar ?? ""} />
        <span className={classes.count}>{strings.exportProgress(formatCount(progress.done), formatCount(progress.total))}</span>
        <Button variant="subtle" color="gray" size="compact-sm" onClick={() => running.current?.abort()}>
          {strings.cancel}
        </Button>
      </div>
    );
  }
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Button variant="subtle" color="gray" size="compact-sm" leftSection={<IconDownload size={15} />}>
          {strings.exportAll}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item onClick={() => void start("csv")}>{strings.asCsv}</Menu.Item>
        <Menu.Item onClick={() => void start("json")}>{strings.asJson}</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
