import type { ReportData } from '../src/report/data.js'
import { count, measured } from '../src/watch/text.js'
import { drawPage } from './page.js'
import { Confusion } from './parts/confusion.js'
import { GateMatrix } from './parts/gate-matrix.js'
import { Graph } from './parts/graph.js'
import { capital, Learning } from './parts/learning.js'
import { Facts, Source } from './parts/manifest.js'
import { PeerTable } from './parts/peers.js'
import { Timings } from './parts/timings.js'

/** The page of one run that is over. */
function Report({ data }: { readonly data: ReportData }) {
  const { record, weights, paper } = data
  const tested = data.peers.flatMap(({ confusion }, peer) =>
    confusion === null ? [] : [{ name: `${peer} ${record.members[peer]?.name ?? ''}`, confusion }],
  )
  const given = weights.filter(({ name }) => record.rounds.some(({ matrices }) => matrices[name] !== undefined))
  return (
    <>
      <header>
        <p class="brand">Hearsay report</p>
        <h1>{data.name}</h1>
        <p class="says">{data.says}</p>
      </header>
      <section class="two" aria-label="Result and environment">
        <div>
          <h2>Result</h2>
          <Facts rows={data.outcome} />
        </div>
        <div>
          <h2>Environment</h2>
          <Facts rows={data.environment} />
        </div>
      </section>
      <section aria-label="Learning">
        <h2>Learning</h2>
        <Learning data={data} />
      </section>
      <section aria-label="Peers">
        <h2>Peers</h2>
        <PeerTable data={data} />
      </section>
      <section aria-label="Graph">
        <h2>Who heard whom</h2>
        <Graph record={record} arrangement={data.arrangement} text={value => measured(value, data.measure)} />
      </section>
      {given.map(({ name, label, of }) => (
        <section key={name} aria-label={label}>
          <h2>Who {label} whom</h2>
          <GateMatrix record={record} name={name} label={label} of={of} />
        </section>
      ))}
      {tested.length > 0 && (
        <section aria-label="Classes">
          <h2>Classes</h2>
          <Confusion peers={tested} classes={data.classes} />
        </section>
      )}
      <section aria-label="Time">
        <h2>Time</h2>
        <Timings record={record} />
      </section>
      {data.rejected.length > 0 && (
        <section aria-label="Refused">
          <h2>Refused</h2>
          <Facts rows={data.rejected.map(([reason, times]) => [reason, count(times)])} />
        </section>
      )}
      <section aria-label="Manifest">
        <h2>Manifest</h2>
        <Source text={data.manifest} label="manifest.yaml" />
      </section>
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
      <footer>{capital(`made by Hearsay ${data.version}`)}</footer>
    </>
  )
}

drawPage<ReportData>(data => <Report data={data} />)
