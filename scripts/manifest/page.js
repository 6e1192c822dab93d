// docs/manifest.md, made of the manifest's JSON Schema alone.

/** The schema as a file of the package. */
export const schemaFile = schema => `${JSON.stringify(schema, null, 1)}\n`

const opening = `# The manifest

<!-- Made by \`npm run manifest\` from the fields' own texts: change those. -->

One YAML file describes a run. No field must be written; \`hearsay init\` writes a file with all of them and what each does. An unknown field is an error, and so is one that would do nothing.

The run's id is the hash of the manifest with everything settled: a default that other fields decide is written into it before the hash is made, so that one id is one set of numbers, also for a version of Hearsay with other defaults. Three things are left as functions, and the format names the way they are worked out ([wire.md](wire.md#the-run-id)): the rows of a grid or torus and the probability of \`erdos-renyi\`, by the number of peers, which changes while a run is under way; and the width of a mixture's shared transform, by the model's features.

An editor completes and checks fields by the JSON Schema that ships with the package. With the YAML language server, this line at the top of a manifest in a folder that has Hearsay installed does it:

\`\`\`yaml
# yaml-language-server: $schema=node_modules/hearsay/schema/manifest.schema.json
\`\`\`

\`import schema from 'hearsay/manifest.schema.json' with { type: 'json' }\` has it in code; \`manifestJsonSchema()\` makes it anew, with the methods that a program has registered itself.
`

export function pageOf({ properties }) {
  const fields = Object.entries(properties).filter(([, schema]) => kindsOf(schema).length === 0)
  const sections = Object.entries(properties).filter(([, schema]) => kindsOf(schema).length > 0)
  return [
    opening,
    '## Fields at the top\n',
    ...table(
      ['field', 'default', 'allowed', 'what it does'],
      fields.map(([name, schema]) => [code(name), value(schema.default), allowed(schema), schema.description]),
    ),
    ...sections.flatMap(sectionOf),
  ].join('\n')
}

function sectionOf([name, schema]) {
  const kinds = kindsOf(schema)
  const short = schema.anyOf === undefined ? '' : shortFor(schema.anyOf[0], kinds[0])
  const usual = typeof schema.default === 'string' ? ` Default: ${code(schema.default)}.` : ''
  const named = kinds.length > 1
  return [
    `\n## ${name}\n`,
    `${schema.description}${short}${usual}\n`,
    ...(named ? kindTable(kinds) : []),
    ...fieldTable(kinds, named),
    ...(kinds.some(isPreset) ? pointTable(kinds) : []),
  ]
}

const shortFor = (word, kind) =>
  word.const === true ? ' `true` stands for its defaults.' : ` One word is short for its \`${nameOf(kind).field}\`.`

function kindTable(kinds) {
  const hasPapers = kinds.some(kind => kind.$comment)
  return [
    ...table(
      [nameOf(kinds[0]).field, 'what it is', ...(hasPapers ? ['paper'] : [])],
      kinds.map(kind => [code(nameOf(kind).name), kind.description, ...(hasPapers ? [paper(kind.$comment)] : [])]),
    ),
    '',
  ]
}

const paper = (text = '') =>
  text.replace(/^(.*), arXiv (\S+)$/, (_, title, id) => `[${title}](https://arxiv.org/abs/${id})`)

/** A field once, whichever kinds have it; where they have other defaults, each. */
function fieldTable(kinds, named) {
  const rows = new Map()
  for (const kind of kinds) {
    for (const [name, schema] of Object.entries(kind.properties).slice(named ? 1 : 0)) {
      if (schema.const !== undefined) continue
      const key = `${name} ${schema.description}`
      rows.set(key, [...(rows.get(key) ?? []), { name, schema, kind: nameOf(kind).name }])
    }
  }
  if (rows.size === 0) return []
  return table(
    ['field', ...(named ? ['of'] : []), 'default', 'allowed', 'what it does'],
    [...rows.values()].map(having => [
      code(having[0].name),
      ...(named ? [having.length === kinds.length ? 'all' : having.map(({ kind }) => code(kind)).join(', ')] : []),
      defaults(having),
      allowed(having[0].schema),
      having[0].schema.description,
    ]),
  )
}

function defaults(having) {
  const groups = new Map()
  for (const { schema, kind } of having) {
    const text = value(schema.default)
    groups.set(text, [...(groups.get(text) ?? []), code(kind)])
  }
  if (groups.size === 1) return [...groups.keys()][0]
  return [...groups].map(([text, names]) => `${text || 'none'} with ${names.join(', ')}`).join('; ')
}

const isPreset = kind =>
  Object.values(kind.properties)
    .slice(1)
    .some(({ const: only }) => only !== undefined)

/** The methods that are points of one space: those with the fields of a preset, some of which it has set for good. */
function pointTable(kinds) {
  const axes = Object.keys(kinds.find(isPreset).properties).slice(1)
  const points = kinds.filter(({ properties }) => Object.keys(properties).slice(1).join() === axes.join())
  return [
    '\n### Methods are points: presets and axes\n',
    'Methods that average differ in a few numbers. A name is a preset of them; what stands in italics the manifest may set otherwise, and everything else makes it another method. `averaging` leaves all of them open.\n',
    ...table(
      ['preset', ...axes],
      points.map(({ properties }) => [
        code(properties.method.const),
        ...axes.map(axis => {
          const { default: usual = '', const: only } = properties[axis]
          return usual === '' ? '' : only === undefined ? `*${usual}*` : `${usual}`
        }),
      ]),
    ),
  ]
}

const kindsOf = ({ anyOf, oneOf, ...section }) =>
  anyOf?.some(kindsOrNone) ? anyOf.flatMap(kindsOf) : (oneOf ?? (section.properties ? [section] : []))
const kindsOrNone = schema => schema.oneOf !== undefined || schema.properties !== undefined

function nameOf({ properties }) {
  const [field, schema] = Object.entries(properties)[0]
  return { field, name: schema.const }
}

const code = text => `\`${text}\``
const value = usual => (usual === undefined ? '' : code(typeof usual === 'string' ? usual : JSON.stringify(usual)))

/** Bounds in words. */
function allowed({ type, enum: names, const: only, anyOf, oneOf, items, prefixItems, properties, ...bounds }) {
  if (names) return names.map(value).join(', ')
  if (only !== undefined) return value(only)
  if (anyOf ?? oneOf) return [...new Set((anyOf ?? oneOf).map(allowed))].join(', or ')
  if (properties) return `{ ${Object.keys(properties).join(', ')} }`
  if (prefixItems) return `a list of ${prefixItems.length}`
  if (type === 'array') return `a list of ${lengths(bounds)}${bounds.maxItems === 1 ? '' : ' entries'}`
  if (type === 'boolean') return '`true`, `false`'
  if (type === 'string') return 'text'
  if (type !== 'integer' && type !== 'number') return ''
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf } = bounds
  const least = exclusiveMinimum === undefined ? `from ${minimum}` : `above ${exclusiveMinimum}`
  const most = exclusiveMaximum === undefined ? `up to ${maximum}` : `below ${exclusiveMaximum}`
  return [
    type === 'integer' ? 'whole' : '',
    multipleOf === undefined ? '' : `multiple of ${multipleOf}`,
    Number.isFinite(minimum ?? exclusiveMinimum) ? least : '',
    (maximum ?? exclusiveMaximum ?? Number.MAX_SAFE_INTEGER) < Number.MAX_SAFE_INTEGER ? most : '',
  ]
    .filter(part => part !== '')
    .join(', ')
}

function lengths({ minItems = 0, maxItems }) {
  return maxItems === undefined ? `${minItems} or more` : `${minItems} to ${maxItems}`
}

function table(head, rows) {
  const line = cells => `| ${cells.map(cell => String(cell).replaceAll('|', '\\|')).join(' | ')} |`
  return [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)]
}
