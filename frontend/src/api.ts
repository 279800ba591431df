/** The one place that asks the server. Addresses are relative to TensorBoard's `<base>`: prefixes just work. */

import type { EvidenceHeader, Finding, RunsAnswer, Symptom } from './contract'
import { decodeFrame, type Frame } from './lib/frame'

export type Evidence = Frame<EvidenceHeader>

export interface Api {
  runs(): Promise<RunsAnswer>
  findings(): Promise<Finding[]>
  symptoms(): Promise<Symptom[]>
  evidence(run: string, finding: string): Promise<Evidence>
}

/** The server answered, and said no. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message)
  }
}

// A first reading of a large log directory may take the server a while.
const PATIENCE_MS = 60_000

export const api: Api = {
  runs: () => json<RunsAnswer>('runs'),
  findings: async () => (await json<{ findings: Finding[] }>('findings')).findings,
  symptoms: async () => (await json<{ symptoms: Symptom[] }>('symptoms')).symptoms,
  evidence: async (run, finding) => {
    const response = await get(`evidence?${new URLSearchParams({ run, finding })}`)
    return decodeFrame<EvidenceHeader>(await response.arrayBuffer())
  },
}

async function json<T>(path: string): Promise<T> {
  const response = await get(path)
  return (await response.json()) as T
}

async function get(path: string): Promise<Response> {
  const response = await fetch(path, { signal: AbortSignal.timeout(PATIENCE_MS) })
  if (!response.ok) throw new Refusal(response.status, await refusalText(response))
  return response
}

async function refusalText(response: Response): Promise<string> {
  const text = await response.text()
  try {
    const { error } = JSON.parse(text)
    if (typeof error === 'string') return error
  } catch {
    // Not ours: TensorBoard or a proxy in between answered.
  }
  return `${response.status} ${response.statusText}`.trim()
}
