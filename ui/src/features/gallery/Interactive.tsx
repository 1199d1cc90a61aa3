import { Button, TextInput } from "@mantine/core";
import { useState } from "react";
import { FacetList } from "@/components/query/FacetList";
import { QueryBar } from "@/components/query/QueryBar";
import { paths } from "@/lib/paths";
import { selectedValues, toggleValue } from "@/lib/query/facets";
import { formatQuery, parseQuery } from "@/lib/query/grammar";
import { formatCount } from "@/lib/units";
import { ConfirmDialog } from "@/ui/ConfirmDialog";
import { FormKitForm } from "@/ui/form/FormKitForm";
import { useFormKit } from "@/ui/form/use-form-kit";
import { Section } from "@/ui/Section";
import { EmptyState } from "@/ui/states";
import { StatusBadge } from "@/ui/StatusBadge";
import type { Column, Sort } from "@/ui/table/columns";
import { DataTable } from "@/ui/table/DataTable";
import { useToast } from "@/ui/toast";
import classes from "./Gallery.module.css";
import { sampleRows, takenError } from "./samples";
import { strings } from "./strings";

type Row = (typeof sampleRows)[number];

const columns: readonly Column<Row>[] = [
  { id: "name", header: "Name", primary: true, sortKey: "name", cell: (row) => row.name },
  { id: "team", header: "Owner", cell: (row) => row.team, sortKey: "team" },
  { id: "status", header: "Health", cell: (row) => <StatusBadge status={row.status} label={row.label} /> },
  { id: "calls", header: "Calls", align: "end", cell: (row) => formatCount(row.calls) },
];

const shared = {
  columns,
  rowId: (row: Row) => row.id,
  rowLabel: (row: Row) => row.name,
  rowTarget: () => paths.gallery(),
};

export function Tables() {
  const [sort, setSort] = useState<Sort | undefined>({ key: "name", descending: false });
  const [selected, setSelected] = useState(new Set(["a"]));
  const [starred, setStarred] = useState(new Set(["c"]));
  const star = (id: string) => setStarred((before) => new Set(before.has(id) ? [...before].filter((known) => known !== id) : [...before, id]));
  return (
    <>
      <Section title={strings.table}>
        <DataTable {...shared} label={strings.table} name="gallery" rows={sampleRows} sort={sort} onSort={setSort} selected={selected} onSelect={setSelected} starred={starred} onStar={star} toolbar={`${selected.size} selected`} />
      </Section>
      <Section title={strings.tableEmpty}>
        <DataTable {...shared} label={strings.tableEmpty} name="gallery.empty" rows={[]} empty={<EmptyState title="No plugin is installed">Plugins are named under plugins.entries in the configuration.</EmptyState>} />
      </Section>
      <Section title={strings.tableLoading}>
        <DataTable {...shared} label={strings.tableLoading} name="gallery.loading" rows={undefined} />
      </Section>
    </>
  );
}

export function QueryAndFacets() {
  const [query, setQuery] = useState('kind:component tag:java -lifecycle:deprecated "free text"');
  const { terms } = parseQuery(query);
  const values = ["java", "go", "rust", "kotlin", "python", "typescript", "pci", "edge"].map((value, index) => ({ value, label: value, count: 40 - index * 5 }));
  return (
    <Section title={strings.facets}>
      <QueryBar value={query} onChange={setQuery} valuesOf={(key) => (key === "tag" ? values.map((value) => value.value) : [])} />
      <div className={classes.facet}>
        <FacetList title="Tag" values={values} selected={selectedValues(terms, "tag")} onToggle={(value) => setQuery(formatQuery(toggleValue(terms, "tag", value)))} moreLabel="More" lessLabel="Fewer" />
      </div>
    </Section>
  );
}

export function Dialogs() {
  const toast = useToast();
  const [open, setOpen] = useState(false);
  return (
    <Section title={strings.dialogs}>
      <div className={classes.row}>
        <Button variant="default" onClick={() => toast({ text: "View “Mine” removed", undo: () => toast({ text: "View “Mine” is back" }) })}>
          Show toast
        </Button>
        <Button variant="default" onClick={() => setOpen(true)}>
          Show confirmation
        </Button>
      </div>
      <ConfirmDialog
        opened={open}
        onClose={() => setOpen(false)}
        onConfirm={() => setOpen(false)}
        title="Unregister ledger-importer?"
        verb="Unregister"
        consequences={["2 relations of other entities lead nowhere afterwards", "its stars and saved views", "nothing in the repository"]}
        typeToConfirm="ledger-importer"
      />
    </Section>
  );
}

export function Forms() {
  const toast = useToast();
  const kit = useFormKit({
    draft: "gallery",
    initial: { name: "", owner: "" },
    validate: (values) => (values.name === "" ? { name: "A name is needed" } : {}),
    submit: (values) => {
      if (values.name === "taken") return Promise.reject(takenError);
      toast({ text: `${values.name} registered` });
      return Promise.resolve();
    },
  });
  return (
    <Section title={strings.form}>
      <FormKitForm kit={kit} label={strings.form} verb="Register component" failureTitle="The component could not be registered">
        <TextInput label="Name" description={`Try “taken”: ${strings.formTaken.toLowerCase()}, the server's answer appears here`} {...kit.form.getInputProps("name")} />
        <TextInput label="Owner" {...kit.form.getInputProps("owner")} />
      </FormKitForm>
    </Section>
  );
}
