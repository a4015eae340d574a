import { PROMETHEUS } from '../config/otel-file.ts';
import { type Setting, switchSetting } from '../config/setting.ts';

type PrometheusSettings = {
  readonly 'prometheus.scope_info': Setting<boolean>;
  readonly 'prometheus.target_info': Setting<boolean>;
};

export const prometheusSettings: PrometheusSettings = {
  'prometheus.scope_info': {
    ...switchSetting('Put the labels otel_scope_name, _version and _schema_url on every sample of /metrics.', {
      variables: [],
      keys: [`${PROMETHEUS}.scope_info_enabled`],
    }),
    default: true,
    placeholder: 'BOOLEAN',
  },
  'prometheus.target_info': {
    ...switchSetting('Serve target_info, which has the Resource, on /metrics.', {
      variables: [],
      keys: [`${PROMETHEUS}.target_info_enabled/development`],
    }),
    default: true,
    placeholder: 'BOOLEAN',
  },
};
