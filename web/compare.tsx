import type { ComparedTable, Comparison } from '../src/compare/shape.js'
import { sentences, sizeText, tableNotes, tableTitle } from '../src/compare/text.js'
import { drawPage } from './page.js'
import { DifferenceTable, FieldTable, FigureTable, RunTable } from './parts/compared.js'
import { Courses } from './parts/courses.js'

/** The page of several runs side by side. */
function ComparisonPage({ data: { tables, notes, version } }: { readonly data: Comparison }) {
  return (
    <div class="comparison">
      <header>
        <p class="brand">Hearsay comparison</p>
        <h1>Runs compared</h1>
        <p class="says">{sentences(notes)}</p>
      </header>
      {tables.map((table, at) => (
        <Table key={at} table={table} />
      ))}
      <footer>Made by Hearsay {version}</footer>
    </div>
  )
}

function Table({ table }: { readonly table: ComparedTable }) {
  return (
    <section aria-label={tableTitle(table)}>
      <h2>{tableTitle(table)}</h2>
      <p class="says">{sizeText(table)}</p>
      <FigureTable table={table} />
      <DifferenceTable table={table} />
      <p class="says">{sentences(tableNotes(table))}</p>
      <Courses table={table} />
      <FieldTable table={table} />
      <RunTable table={table} />
    </section>
  )
}

drawPage<Comparison>(data => <ComparisonPage data={data} />)
