import type { ReportData } from '../src/report/data.js'
import { type PackedRecord, unpacked } from '../src/watch/record/packed.js'
import { drawPage } from './page.js'
import { Run } from './parts/run.js'

/** The page of one run that is over. */
function Report({ data }: { readonly data: ReportData }) {
  const { paper } = data
  return (
    <>
      <header>
        <p class="brand">Hearsay report</p>
        <h1>{data.name}</h1>
        <p class="says">{data.says}</p>
      </header>
      <Run data={data} />
      <section aria-label="Run it again">
        <h2>Run it again</h2>
        <ul class="commands">
          {data.again.map(([command, why]) => (
            <li key={command}>
              <code>{command}</code> <span>{why}</span>
            </li>
          ))}
        </ul>
      </section>
      {paper !== null && (
        <section aria-label="Paper">
          <h2>Paper of the method</h2>
          <p>
            {paper.title}. arXiv:{paper.arxiv}
          </p>
        </section>
      )}
      <footer>Made by Hearsay {data.version}</footer>
    </>
  )
}

type Embedded = Omit<ReportData, 'record'> & { readonly record: PackedRecord }

drawPage<Embedded>(data => <Report data={{ ...data, record: unpacked(data.record) }} />)
