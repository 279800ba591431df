/**
 * A rule file as plain values; each change returns a new document. Default values are left out, as on the
 * server, so equal rules have equal documents.
 */

import type { Limit, Mute, RuleDocument, Severity, SymptomRules } from '../contract'

/** The settings of a symptom without a rule file. */
export const SYMPTOM_DEFAULTS = {
  enabled: true,
  least_severity: 'info' as Severity,
  most_severity: 'critical' as Severity,
}

/** The document in an address; null if there is none. */
export function parseDocument(text: string): RuleDocument | null {
  try {
    const value: unknown = JSON.parse(text)
    return isTable(value) ? value : null
  } catch {
    return null
  }
}

/** The document as text for the address; empty for the rules in force. */
export function draftText(document: RuleDocument, inForce: RuleDocument): string {
  return sameRules(document, inForce) ? '' : JSON.stringify(document)
}

export function sameRules(a: RuleDocument, b: RuleDocument): boolean {
  return canonical(a) === canonical(b)
}

/** A symptom's setting; the fallback if the document has none of the right type. */
export function setting<T>(document: RuleDocument, symptom: string, name: string, fallback: T): T {
  const value = settingsOf(document, symptom)[name]
  return typeof value === typeof fallback ? (value as T) : fallback
}

export function limitIn(document: RuleDocument, symptom: string, limit: Limit): number {
  return setting(document, symptom, limit.name, limit.default)
}

/** The document with one setting; a default value is left out. */
export function withSetting<T>(
  document: RuleDocument,
  symptom: string,
  name: string,
  value: T,
  defaultValue: T,
): RuleDocument {
  const { [name]: _, ...others } = settingsOf(document, symptom)
  return withSettings(
    document,
    symptom,
    value === defaultValue ? others : { ...others, [name]: value },
  )
}

/** The document with a symptom's settings reset to those in force. */
export function resetSymptom(
  document: RuleDocument,
  inForce: RuleDocument,
  symptom: string,
): RuleDocument {
  return withSettings(document, symptom, settingsOf(inForce, symptom))
}

export function sameSymptom(a: RuleDocument, b: RuleDocument, symptom: string): boolean {
  return sorted(settingsOf(a, symptom)) === sorted(settingsOf(b, symptom))
}

export function mutesOf(document: RuleDocument): readonly Mute[] {
  return Array.isArray(document.mute) ? document.mute.filter(isMute) : []
}

export function withMutes(document: RuleDocument, mutes: readonly Mute[]): RuleDocument {
  const { mute: _, ...others } = document
  return mutes.length === 0 ? others : { ...others, mute: mutes }
}

export interface Change {
  /** The symptom's id, or empty for the mutes. */
  symptom: string
  title: string
  name: string
  before: unknown
  after: unknown
}

/** The differences between a document and the rules in force, by symptom. */
export function changesOf(
  document: RuleDocument,
  inForce: RuleDocument,
  symptoms: readonly SymptomRules[],
): Change[] {
  return symptoms.flatMap(({ id, title, limits }) => {
    const defaults: Record<string, unknown> = { ...SYMPTOM_DEFAULTS, include: ['*'], exclude: [] }
    for (const limit of limits) defaults[limit.name] = limit.default
    const [before, after] = [settingsOf(inForce, id), settingsOf(document, id)]
    return Object.keys(defaults)
      .map((name) => ({
        symptom: id,
        title,
        name,
        before: before[name] ?? defaults[name],
        after: after[name] ?? defaults[name],
      }))
      .filter(({ before, after }) => sorted(before) !== sorted(after))
  })
}

function settingsOf(document: RuleDocument, symptom: string): Readonly<Record<string, unknown>> {
  const symptoms: unknown = document.symptoms
  const settings = isTable(symptoms) ? symptoms[symptom] : undefined
  return isTable(settings) ? settings : {}
}

function withSettings(
  document: RuleDocument,
  symptom: string,
  settings: Readonly<Record<string, unknown>>,
): RuleDocument {
  const { symptoms: before, ...others } = document
  const { [symptom]: _, ...rest } = isTable(before) ? before : {}
  const symptoms = Object.keys(settings).length === 0 ? rest : { ...rest, [symptom]: settings }
  return (Object.keys(symptoms).length === 0 ? others : { ...others, symptoms }) as RuleDocument
}

/** A canonical text: independent of the order of keys and of optional parts. */
function canonical(document: RuleDocument): string {
  const mute = mutesOf(document).map(({ until, ...rest }) => ({
    symptom: '*',
    tensor: '*',
    ...rest,
    ...(until ? { until } : {}),
  }))
  return sorted({ symptoms: {}, ...document, version: 1, mute })
}

function sorted(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    isTable(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  )
}

function isMute(value: unknown): value is Mute {
  if (!isTable(value) || typeof value.reason !== 'string') return false
  return ['symptom', 'tensor', 'until'].every((name) =>
    ['string', 'undefined'].includes(typeof (value[name] ?? undefined)),
  )
}

function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
