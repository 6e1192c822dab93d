import { useMemo } from 'preact/hooks'
import type { ReportData } from '../../src/report/data.js'
import { besideMeasured, figureName } from '../../src/watch/beside-text.js'
import { count, measured, measureNames } from '../../src/watch/text.js'
import { wholeRounds } from '../whole.js'
import { Confusion } from './confusion.js'
import { GateMatrix } from './gate-matrix.js'
import { Graph } from './graph.js'
import { Learning } from './learning.js'
import { Facts, Source } from './manifest.js'
import { PeerTable } from './peers.js'
import { Timings } from './timings.js'

/** What there is to see of a run, while it goes on and when it is over. */
export function Run({ data }: { readonly data: ReportData }) {
  const { record, weights, primary, measure } = data
  const whole = useMemo(() => wholeRounds(record), [record])
  const tested = data.peers.flatMap(({ confusion }, peer) =>
    confusion === null ? [] : [{ name: `${peer} ${record.members[peer]?.name ?? ''}`, confusion }],
  )
  const given = weights.filter(({ name }) => record.rounds.some(({ matrices }) => matrices[name] !== undefined))
  return (
    <>
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
        <Learning data={{ ...data, record: whole }} />
      </section>
      <section aria-label="Graph">
        <h2>Who heard whom</h2>
        <Graph
          record={whole}
          arrangement={data.arrangement}
          samples={data.peers.map(({ samples }) => samples)}
          figure={
            primary !== 'accuracy' && record.rounds.some(({ beside }) => beside[primary] !== undefined)
              ? {
                  name: figureName(primary),
                  of: ({ beside }) => beside[primary] ?? [],
                  text: value => besideMeasured(primary, value),
                }
              : {
                  name: measureNames[measure],
                  of: ({ columns }) => columns.accuracy,
                  text: value => measured(value, measure),
                }
          }
        />
      </section>
      <section aria-label="Peers">
        <h2>Peers</h2>
        <PeerTable data={data} />
      </section>
      {given.map(({ name, label, of, unit }) => (
        <section key={name} aria-label={label}>
          <h2>Who {label} whom</h2>
          <GateMatrix record={record} name={name} label={label} of={of} unit={unit} />
        </section>
      ))}
      {(tested.length > 0 || data.untested !== null) && (
        <section aria-label="Classes">
          <h2>Classes</h2>
          {data.untested !== null && <p>{data.untested}</p>}
          {tested.length > 0 && <Confusion peers={tested} classes={data.classes} />}
        </section>
      )}
      <section aria-label="Time">
        <h2>Time</h2>
        <Timings record={whole} />
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
    </>
  )
}
