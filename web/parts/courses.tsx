import { useId, useState } from 'preact/hooks'
import type { ColumnName, ComparedTable, Course } from '../../src/compare/shape.js'
import { qualityName, qualityText, secondsText, twoDigits, variantName } from '../../src/compare/text.js'
import { byteCount } from '../../src/watch/text.js'
import { looks } from '../looks.js'
import { Curves } from './curves.js'
import { capital } from './learning.js'
import type { Curve, Values } from './plot.js'
import { useChosen, VariantChoice } from './variants.js'

/** What stands below the curves. */
const axes = [
  { name: 'rounds', says: 'rounds' },
  { name: 'bytes', says: 'bytes sent per peer', label: 'sent per peer', text: byteCount },
  { name: 'seconds', says: 'seconds', label: 'time', text: secondsText },
] as const

type AxisName = (typeof axes)[number]['name']

/** The variants' curves over each other. */
export function Courses({ table }: { readonly table: ComparedTable }) {
  const { variants } = table
  const [chosen, toggle] = useChosen(variants.length)
  const [axisName, setAxis] = useState<AxisName>('rounds')
  const id = useId()
  const drawn = chosen.flatMap((variant, look) => (variant === null ? [] : [{ variant, ...looks[look]! }]))
  const has = (name: ColumnName): boolean =>
    variants.some(({ course }) => course.columns[name].mean.some(value => value !== null))
  const axis = axes.find(({ name }) => name === axisName)!
  const rounds = [...new Set(drawn.flatMap(({ variant }) => variants[variant]!.course.rounds))].sort((a, b) => a - b)
  const quality = (value: number): string => qualityText(value, table)
  const chart = (name: ColumnName, title: string, says: string, text: (value: number) => string, isLog = false) =>
    has(name) && (
      <Curves
        title={title}
        says={says}
        rounds={rounds}
        curves={drawn.map(
          ({ variant, color, dash }): Curve => ({
            label: `variant ${variant + 1}`,
            color,
            dash,
            ...curveOf(variants[variant]!.course, name, axisName, rounds),
          }),
        )}
        {...('label' in axis && { axis })}
        isLog={isLog}
        text={text}
      />
    )
  return (
    <>
      <VariantChoice names={variants.map((_, at) => variantName(table, at))} chosen={chosen} onToggle={toggle} />
      <p>
        <label for={id}>Drawn by </label>
        <select id={id} value={axisName} onChange={event => setAxis(event.currentTarget.value as AxisName)}>
          {axes
            .filter(({ name }) => name === 'rounds' || has(name))
            .map(({ name, says }) => (
              <option key={name} value={name}>
                {says}
              </option>
            ))}
        </select>
      </p>
      <div class="charts">
        {chart(
          'quality',
          capital(qualityName(table)),
          'Mean over the peers’ own models; the band is one standard deviation over seeds.',
          quality,
        )}
        {chart('worst', 'Worst peer', 'Mean over seeds.', quality)}
        {chart('averaged', 'Averaged model', 'Of all peers’ models averaged into one; mean over seeds.', quality)}
        {chart(
          'distance',
          'Consensus distance',
          'How far the peers’ models are from their mean, squared; mean over seeds.',
          twoDigits,
          true,
        )}
      </div>
    </>
  )
}

/** A column of a course, in the rows of all rounds that are drawn; only the quality has a band. */
function curveOf(
  { rounds: own, columns }: Course,
  name: ColumnName,
  axis: AxisName,
  rounds: readonly number[],
): Pick<Curve, 'values' | 'band' | 'at'> {
  const places = new Map(own.map((round, at) => [round, at]))
  const inRows = (values: Values): Values => rounds.map(round => values[places.get(round) ?? -1] ?? null)
  const { mean, deviation } = columns[name]
  const edge = (sign: 1 | -1): Values =>
    inRows(mean.map((value, at) => (value === null ? null : value + sign * (deviation[at] ?? 0))))
  const isSpread = name === 'quality' && deviation.some(value => value !== null)
  return {
    values: inRows(mean),
    ...(isSpread && { band: { low: edge(-1), high: edge(1) } }),
    ...(axis !== 'rounds' && { at: inRows(columns[axis].mean) }),
  }
}
