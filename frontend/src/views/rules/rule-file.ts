/** The name of downloaded rule files. */
export const RULE_FILE = 'gradhealth-rules.toml'
