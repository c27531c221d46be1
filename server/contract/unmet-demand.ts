import { type GatewayError, gatewayError } from '../conversation/error.ts'
import type { Missed, Repair } from '../relay/record.ts'

const leads: Readonly<Record<Missed, string>> = {
  'output-format': 'The model gave no answer in the form that was asked for',
  'tool-choice': 'The model did not keep to the tools it was to call',
  'tool-arguments': 'The model called a strict tool with an input that is not valid',
}

export const sentence = (text: string): string => `${text.replace(/\.+$/, '')}.`

/** What the caller reads of a reply that is none, without its full stop. */
export const whyUnmet = (missed: Missed, faults: readonly string[]): string =>
  `${leads[missed]}: ${faults.slice(0, 3).join('; ') || 'no answer'}`

/** What the record says where such calls were left out and the rest of the reply stands. */
export const leftOutCalls = (faults: readonly string[]): Repair => ({
  of: 'tool-choice',
  outcome: 'dropped',
  faults: faults.slice(0, mostFaults).map((fault) => fault.slice(0, longestFault)),
  before: '',
})

/** Of what was wrong, as much as stands in the request's record. */
export const mostFaults = 8
export const longestFault = 300

export const unmetDemand = (missed: Missed, faults: readonly string[]): GatewayError =>
  gatewayError('unmet-demand', sentence(whyUnmet(missed, faults)))
