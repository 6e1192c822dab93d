import * as z from 'zod'

/** The manifest's field `reputation`: what is done with what a peer finds of its neighbours in the long run. */
export const reputationSchema = z.enum(['show', 'mute'])

/** It is shown, or neighbours are muted by it too. */
export type ReputationUse = z.output<typeof reputationSchema>
