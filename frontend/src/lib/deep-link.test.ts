import { describe, expect, it } from 'vitest'
import { deepLinks, relativeUrl } from './deep-link'

const link = (run: string, layer: string, tab: string) => {
  const found = deepLinks(run, layer).find((link) => link.tab === tab)
  if (!found) throw new Error(tab)
  return found
}

describe('a link into another tab', () => {
  it('gives Time Series its filters in the query', () => {
    expect(relativeUrl(link('mlp', 'conv', 'timeseries'))).toBe(
      '?tagFilter=conv&runFilter=%5Emlp(%2F%7C%24)#timeseries',
    )
  })

  it('gives the older tabs theirs in the hash', () => {
    expect(relativeUrl(link('mlp', 'conv', 'histograms'))).toBe(
      '#histograms&tagFilter=conv&regexInput=%5Emlp(%2F%7C%24)',
    )
  })

  it('asks for no run where the run is the whole log directory', () => {
    expect(relativeUrl(link('.', 'conv', 'scalars'))).toBe('#scalars&tagFilter=conv')
  })

  it('finds the tags of its layer, not of dense_10', () => {
    const { tagFilter } = link('r', 'dense_1', 'scalars')
    const tags = ['dense_1/kernel/histogram', 'net/dense_1', 'dense_10/kernel', 'dense_2/kernel']
    expect(tags.filter((tag) => new RegExp(tagFilter).test(tag))).toEqual(tags.slice(0, 2))
  })

  it('takes names literally', () => {
    const { tagFilter, runFilter } = link('lr=0.1 (a+b)', 'block[3].conv', 'scalars')
    expect(new RegExp(tagFilter).test('block[3].conv/kernel')).toBe(true)
    expect(new RegExp(tagFilter).test('block3xconv/kernel')).toBe(false)
    expect(new RegExp(runFilter).test('lr=0.1 (a+b)/train')).toBe(true)
  })
})
