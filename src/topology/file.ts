import * as z from 'zod'
import { HearsayError } from '../errors.js'
import { nearest } from '../nearest.js'
import { validate } from '../validation.js'
import { parseYaml, readYaml, type YamlFile } from '../yaml.js'
import { peersLimit, type TopologySpec, topologySchema } from './schema.js'

/** What a topology file holds. */
export interface TopologyFile {
  readonly spec: TopologySpec
  /** How many peers there must be: the members, or the highest number in the edges and one; else any number will do. */
  readonly peers?: number
  /** A member's place here is its peer number. */
  readonly members?: readonly TopologyMember[]
  /** The run that a federation of these members is for: a manifest's path, relative to this file. */
  readonly run?: string
}

/** A member that a topology file names. */
export interface TopologyMember {
  readonly name: string
  /** Its peer id, as text. */
  readonly id?: string | undefined
  /** Multiaddrs, as text. */
  readonly addresses?: readonly string[] | undefined
}

const membersSchema = z
  .array(
    z.strictObject({
      name: z
        .string()
        .max(64)
        .regex(/^[a-z][a-z0-9._-]*$/i, 'must begin with a letter, then letters, digits, ".", "_" or "-"'),
      id: z.string().min(1).max(100).optional(),
      addresses: z.array(z.string().min(1).max(512)).min(1).max(8).optional(),
    }),
  )
  .min(1)
  .max(peersLimit)
  .superRefine((members, context) => {
    const seen = new Set<string>()
    for (const [at, { name }] of members.entries()) {
      if (seen.has(name)) {
        context.addIssue({ code: 'custom', path: [at, 'name'], message: `"${name}" is there twice; names must differ` })
      }
      seen.add(name)
    }
  })
  .optional()

const fileSchema = z.strictObject({
  topology: topologySchema,
  members: membersSchema,
  run: z.string().min(1).max(4096).optional(),
})

/**
 * Reads a topology file: a section `topology` as in a manifest and, if it is about certain peers, `members` with
 * their names. Explicit edges may then go between names instead of numbers. With the members' peer ids and addresses,
 * and the `run` they are for, it is a federation that one can join.
 *
 * @throws {@link HearsayError} with file, line and column where the file is not as it should be
 */
export async function readTopologyFile(path: string): Promise<TopologyFile> {
  return checked(await readYaml(path, 'TOPOLOGY'), path)
}

/**
 * The same for text that is already here.
 *
 * @param source - what to call the file in an error
 */
export function parseTopologyFile(text: string, source: string): TopologyFile {
  return checked(parseYaml(text, source, 'TOPOLOGY'), source)
}

function checked({ value: content, locate }: YamlFile, source: string): TopologyFile {
  const { members } = validate(z.looseObject({ members: membersSchema }), content, source, 'TOPOLOGY', locate)
  const names = members?.map(member => member.name)
  const numbered = numberEdges(content, names, (at, end, message) => {
    const where = locate(['topology', 'edges', at, end])
    return new HearsayError('TOPOLOGY', `${source}:${where}: topology.edges.${at}: ${message}`)
  })
  const { topology: spec, run } = validate(fileSchema, numbered, source, 'TOPOLOGY', locate)
  const more = run === undefined ? {} : { run }
  if (members !== undefined) return { spec, peers: members.length, members, ...more }
  return spec.kind === 'edges' ? { spec, peers: Math.max(...spec.edges.flat()) + 1, ...more } : { spec, ...more }
}

/** Replaces the names in `topology.edges` by numbers; what is not as expected is left for the schema to refuse. */
function numberEdges(
  content: unknown,
  names: readonly string[] | undefined,
  wrong: (at: number, end: number, message: string) => HearsayError,
): unknown {
  const topology = (content as { topology?: { edges?: unknown } | null } | null)?.topology
  if (!Array.isArray(topology?.edges)) return content
  const edges = topology.edges.map((edge: unknown, at) => {
    if (!Array.isArray(edge)) return edge
    return edge.map((name: unknown, end) => {
      if (typeof name !== 'string') return name
      if (names === undefined) throw wrong(at, end, `"${name}" is a name, but the file has no members; list them`)
      const number = names.indexOf(name)
      if (number >= 0) return number
      const close = nearest(name, names)
      const advice = close === undefined ? `members are ${names.slice(0, 16).join(', ')}` : `did you mean "${close}"?`
      throw wrong(at, end, `there is no member "${name}"; ${advice}`)
    })
  })
  return { ...(content as object), topology: { ...topology, edges } }
}
