import { ActionIcon } from "@mantine/core";
import { IconDownload, IconTrash } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import type { PluginDetail, PluginRecording } from "@/api/types";
import { apiPaths } from "@/lib/paths";
import { formatBytes } from "@/lib/units";
import { CopyText } from "@/ui/Copy";
import { RelativeTime } from "@/ui/RelativeTime";
import { Section } from "@/ui/Section";
import { EmptyState, ErrorState, SkeletonLines } from "@/ui/states";
import { StatusBadge, type Status } from "@/ui/StatusBadge";
import type { Column } from "@/ui/table/columns";
import { DataTable } from "@/ui/table/DataTable";
import classes from "./PluginPage.module.css";
import { recordingsQuery, useDeleteRecording } from "./queries";
import { reproducedWords, strings } from "./strings";

const REPRODUCED: Record<PluginRecording["reproduced"], Status> = { yes: "ok", no: "warning", pending: "running" };

/** Calls that failed, and those that somebody asked for, as files that run again on a laptop. */
export default function RecordingsTab({ plugin }: { plugin: PluginDetail }) {
  const { data: recordings, error, isPending, refetch } = useQuery({ ...recordingsQuery(plugin.id), refetchInterval: 5000 });
  const remove = useDeleteRecording(plugin.id);
  const columns: readonly Column<PluginRecording>[] = [
    { id: "at", header: strings.when, cell: (recording) => <RelativeTime value={recording.at} />, width: 120 },
    { id: "call", header: strings.call, primary: true, cell: (recording) => recording.route ?? recording.op },
    { id: "outcome", header: strings.outcome, cell: (recording) => <StatusBadge status={recording.outcome === "ok" ? "ok" : "error"} label={recording.outcome === "ok" ? strings.answered : recording.outcome} /> },
    { id: "cause", header: strings.cause, wrap: true, cell: (recording) => recording.cause ?? recording.reason },
    { id: "version", header: strings.version, cell: (recording) => recording.version },
    { id: "reproduced", header: strings.reproduced, cell: (recording) => <StatusBadge status={REPRODUCED[recording.reproduced]} label={reproducedWords[recording.reproduced]} /> },
    { id: "size", header: strings.size, align: "end", cell: (recording) => formatBytes(recording.bytes) },
    {
      id: "actions",
      header: strings.actions,
      cell: (recording) => (
        <span className={classes.bar}>
          <ActionIcon component="a" href={apiPaths.recording(plugin.id, recording.id)} download aria-label={strings.download(recording.id)} variant="subtle">
            <IconDownload size={15} />
          </ActionIcon>
          <ActionIcon aria-label={strings.deleteRecording(recording.id)} variant="subtle" onClick={() => remove.mutate(recording.id)} loading={remove.isPending && remove.variables === recording.id}>
            <IconTrash size={15} />
          </ActionIcon>
        </span>
      ),
    },
  ];
  return (
    <Section title={strings.recordings} {...(recordings && { count: recordings.length })}>
      {isPending && <SkeletonLines lines={4} />}
      {remove.error && <ErrorState error={remove.error} title={strings.changeFailed} />}
      {error && !recordings && (
        <ErrorState error={error} title={strings.recordingsFailed} onRetry={() => void refetch()} />
      )}
      {recordings && (
        <>
          <DataTable plain label={strings.recordings} name="plugin-recordings" columns={columns} rows={recordings} rowId={(recording) => recording.id} rowLabel={(recording) => recording.id} empty={<EmptyState title={strings.noRecordings}>{strings.noRecordingsBody}</EmptyState>} />
          <p className={classes.faint}>
            {strings.replayHint} <CopyText value="callboard plugin replay FILE" />
          </p>
        </>
      )}
    </Section>
  );
}
