import { createContext } from 'preact'
import { useContext } from 'preact/hooks'
import type { Tab } from '../state'

export const TabContext = createContext<Tab | null>(null)

/** The state of the tab, for components. */
export function useTab(): Tab {
  const tab = useContext(TabContext)
  if (tab === null) throw new Error('A view needs a <TabContext.Provider> above it.')
  return tab
}
