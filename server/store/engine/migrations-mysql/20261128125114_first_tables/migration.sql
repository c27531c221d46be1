CREATE TABLE `claude_server_account_models` (
	`account_id` varchar(64) PRIMARY KEY,
	`models` mediumtext NOT NULL,
	`read_at` bigint NOT NULL,
	CONSTRAINT `account_models_models` CHECK(`claude_server_account_models`.`models` is null or json_valid(`claude_server_account_models`.`models`))
);
--> statement-breakpoint
CREATE TABLE `claude_server_accounts` (
	`id` varchar(64) PRIMARY KEY,
	`label` text NOT NULL,
	`enabled` boolean NOT NULL,
	`weight` bigint NOT NULL,
	`max_in_flight` bigint NOT NULL,
	`health_state` varchar(64) NOT NULL,
	`health_since` bigint NOT NULL,
	`health_until` bigint,
	`health_reason` text,
	`health_kind` varchar(64),
	`failures` bigint NOT NULL,
	`limits` bigint,
	`quota` mediumtext,
	`method` varchar(64) NOT NULL,
	`email` text,
	`user_id` text,
	`plan` text,
	`region` varchar(64) NOT NULL,
	`success_count` bigint NOT NULL,
	`error_count` bigint NOT NULL,
	`access_expires_at` bigint,
	`last_refresh_at` bigint,
	`last_refresh_status` varchar(64),
	`last_used_at` bigint,
	`created_at` bigint NOT NULL,
	`updated_at` bigint NOT NULL,
	`proxy_id` varchar(64),
	`accounting_hosts` mediumtext,
	`overage` boolean NOT NULL DEFAULT false,
	`overage_credits` double,
	`overage_micro_usd` bigint,
	CONSTRAINT `accounts_enabled` CHECK(`claude_server_accounts`.`enabled` in (0, 1)),
	CONSTRAINT `accounts_weight` CHECK(`claude_server_accounts`.`weight` between 1 and 100),
	CONSTRAINT `accounts_max_in_flight` CHECK(`claude_server_accounts`.`max_in_flight` between 1 and 1000),
	CONSTRAINT `accounts_health_state` CHECK(`claude_server_accounts`.`health_state` in ('unchecked', 'ready', 'cooling', 'exhausted', 'expired', 'suspended', 'failing')),
	CONSTRAINT `accounts_method` CHECK(`claude_server_accounts`.`method` in ('builder-id', 'identity-center', 'social', 'api-key')),
	CONSTRAINT `accounts_last_refresh_status` CHECK(`claude_server_accounts`.`last_refresh_status` is null or `claude_server_accounts`.`last_refresh_status` in ('success', 'failed')),
	CONSTRAINT `accounts_quota` CHECK(`claude_server_accounts`.`quota` is null or json_valid(`claude_server_accounts`.`quota`)),
	CONSTRAINT `accounts_counters` CHECK(`claude_server_accounts`.`failures` >= 0 and `claude_server_accounts`.`success_count` >= 0 and `claude_server_accounts`.`error_count` >= 0),
	CONSTRAINT `accounts_created_at` CHECK(`claude_server_accounts`.`created_at` >= 0)
);
--> statement-breakpoint
CREATE TABLE `claude_server_admin_tokens` (
	`id` varchar(64) PRIMARY KEY,
	`name` text NOT NULL,
	`hash` varchar(64) NOT NULL,
	`last4` varchar(64) NOT NULL,
	`scopes` mediumtext NOT NULL,
	`subject` varchar(64) NOT NULL,
	`created_at` bigint NOT NULL,
	`expires_at` bigint,
	`last_used_at` bigint,
	`last_peer` text,
	CONSTRAINT `hash_unique` UNIQUE INDEX(`hash`),
	CONSTRAINT `admin_tokens_hash` CHECK(length(`claude_server_admin_tokens`.`hash`) = 64),
	CONSTRAINT `admin_tokens_scopes` CHECK(`claude_server_admin_tokens`.`scopes` is null or json_valid(`claude_server_admin_tokens`.`scopes`)),
	CONSTRAINT `admin_tokens_created_at` CHECK(`claude_server_admin_tokens`.`created_at` >= 0)
);
--> statement-breakpoint
CREATE TABLE `claude_server_api_keys` (
	`id` varchar(64) PRIMARY KEY,
	`name` text NOT NULL,
	`hash` varchar(64) NOT NULL,
	`prefix` varchar(64) NOT NULL,
	`last4` varchar(64) NOT NULL,
	`enabled` boolean NOT NULL,
	`created_at` bigint NOT NULL,
	`last_used_at` bigint,
	`account_ids` mediumtext,
	`user_id` varchar(64),
	`expires_at` bigint,
	`notes` text,
	`models` mediumtext,
	`requests_per_minute` bigint,
	`requests_per_day` bigint,
	`tokens_per_day` bigint,
	`tokens_per_month` bigint,
	`micro_usd_per_month` bigint,
	`credits_per_month` double,
	`concurrency` bigint,
	CONSTRAINT `hash_unique` UNIQUE INDEX(`hash`),
	CONSTRAINT `api_keys_enabled` CHECK(`claude_server_api_keys`.`enabled` in (0, 1)),
	CONSTRAINT `api_keys_hash` CHECK(length(`claude_server_api_keys`.`hash`) = 64)
);
--> statement-breakpoint
CREATE TABLE `claude_server_audit_entries` (
	`seq` bigint PRIMARY KEY,
	`at` bigint NOT NULL,
	`actor_kind` varchar(64) NOT NULL,
	`actor_id` varchar(64) NOT NULL,
	`actor_name` text NOT NULL,
	`peer` text NOT NULL,
	`user_agent` text NOT NULL,
	`action` text NOT NULL,
	`target` varchar(512),
	`status` bigint NOT NULL,
	`before` mediumtext,
	`after` mediumtext,
	`request_id` varchar(64),
	`previous_hash` varchar(64) NOT NULL,
	`hash` varchar(64) NOT NULL,
	CONSTRAINT `audit_entries_hashes` CHECK(length(`claude_server_audit_entries`.`hash`) = 64 and length(`claude_server_audit_entries`.`previous_hash`) = 64)
);
--> statement-breakpoint
CREATE TABLE `claude_server_capture_rules` (
	`key_id` varchar(64) PRIMARY KEY,
	`max_bytes` bigint NOT NULL,
	`keep_ms` bigint NOT NULL,
	`until` bigint NOT NULL,
	`created_at` bigint NOT NULL,
	CONSTRAINT `capture_rules_max_bytes` CHECK(`claude_server_capture_rules`.`max_bytes` between 1 and 1048576)
);
--> statement-breakpoint
CREATE TABLE `claude_server_captures` (
	`request_id` varchar(64) PRIMARY KEY,
	`key_id` varchar(64) NOT NULL,
	`at` bigint NOT NULL,
	`expires_at` bigint NOT NULL,
	`bytes` bigint NOT NULL,
	`sealed` mediumblob NOT NULL
);
--> statement-breakpoint
CREATE TABLE `claude_server_credentials` (
	`account_id` varchar(64) PRIMARY KEY,
	`sealed` mediumblob NOT NULL,
	`updated_at` bigint NOT NULL
);
--> statement-breakpoint
CREATE TABLE `claude_server_ip_blocks` (
	`range` varchar(64) PRIMARY KEY,
	`shown` text NOT NULL,
	`reason` text NOT NULL,
	`created_at` bigint NOT NULL,
	`expires_at` bigint,
	CONSTRAINT `ip_blocks_created_at` CHECK(`claude_server_ip_blocks`.`created_at` >= 0)
);
--> statement-breakpoint
CREATE TABLE `claude_server_ip_configs` (
	`ip` varchar(64) PRIMARY KEY,
	`notes` text,
	`requests_per_minute` bigint,
	`requests_per_day` bigint,
	`created_at` bigint NOT NULL,
	`updated_at` bigint NOT NULL,
	CONSTRAINT `ip_configs_created_at` CHECK(`claude_server_ip_configs`.`created_at` >= 0)
);
--> statement-breakpoint
CREATE TABLE `claude_server_latency_rollups` (
	`kind` varchar(64) NOT NULL,
	`subject` varchar(255) NOT NULL,
	`measure` varchar(64) NOT NULL,
	`grain` bigint NOT NULL,
	`start` bigint NOT NULL,
	`bucket` bigint NOT NULL,
	`requests` bigint NOT NULL,
	CONSTRAINT PRIMARY KEY(`kind`,`subject`,`measure`,`grain`,`start`,`bucket`)
);
--> statement-breakpoint
CREATE TABLE `claude_server_model_mappings` (
	`id` varchar(64) PRIMARY KEY,
	`name` text NOT NULL,
	`target` text NOT NULL,
	`key_id` varchar(64),
	`created_at` bigint NOT NULL,
	`updated_at` bigint NOT NULL,
	CONSTRAINT `model_mappings_id` CHECK(substr(`claude_server_model_mappings`.`id`, 1, 4) = 'map_'),
	CONSTRAINT `model_mappings_names` CHECK(length(`claude_server_model_mappings`.`name`) > 0 and length(`claude_server_model_mappings`.`target`) > 0),
	CONSTRAINT `model_mappings_created_at` CHECK(`claude_server_model_mappings`.`created_at` >= 0)
);
--> statement-breakpoint
CREATE TABLE `claude_server_open_calls` (
	`id` varchar(64) PRIMARY KEY,
	`key_id` varchar(64) NOT NULL,
	`user_id` varchar(64),
	`at` bigint NOT NULL,
	`input_tokens` bigint NOT NULL,
	`input_micro_usd` bigint NOT NULL
);
--> statement-breakpoint
CREATE TABLE `claude_server_operators` (
	`id` varchar(64) PRIMARY KEY,
	`name` text NOT NULL,
	`folded` varchar(191) NOT NULL,
	`role` varchar(64) NOT NULL,
	`password_hash` text NOT NULL,
	`enabled` boolean NOT NULL,
	`last_sign_in_at` bigint,
	`created_at` bigint NOT NULL,
	`updated_at` bigint NOT NULL,
	CONSTRAINT `folded_unique` UNIQUE INDEX(`folded`),
	CONSTRAINT `operators_id` CHECK(substr(`claude_server_operators`.`id`, 1, 4) = 'opr_'),
	CONSTRAINT `operators_role` CHECK(`claude_server_operators`.`role` in ('owner', 'admin', 'viewer')),
	CONSTRAINT `operators_enabled` CHECK(`claude_server_operators`.`enabled` in (0, 1)),
	CONSTRAINT `operators_created_at` CHECK(`claude_server_operators`.`created_at` >= 0)
);
--> statement-breakpoint
CREATE TABLE `claude_server_proxies` (
	`id` varchar(64) PRIMARY KEY,
	`name` text NOT NULL,
	`sealed` mediumblob NOT NULL,
	`shown` text NOT NULL,
	`weight` bigint NOT NULL,
	`enabled` boolean NOT NULL,
	`health_state` varchar(64) NOT NULL,
	`checked_at` bigint,
	`latency_ms` bigint,
	`failures` bigint NOT NULL,
	`health_reason` text,
	`created_at` bigint NOT NULL,
	`updated_at` bigint NOT NULL,
	CONSTRAINT `proxies_id` CHECK(substr(`claude_server_proxies`.`id`, 1, 4) = 'prx_'),
	CONSTRAINT `proxies_enabled` CHECK(`claude_server_proxies`.`enabled` in (0, 1)),
	CONSTRAINT `proxies_weight` CHECK(`claude_server_proxies`.`weight` between 1 and 100),
	CONSTRAINT `proxies_health_state` CHECK(`claude_server_proxies`.`health_state` in ('unchecked', 'up', 'down')),
	CONSTRAINT `proxies_failures` CHECK(`claude_server_proxies`.`failures` >= 0),
	CONSTRAINT `proxies_created_at` CHECK(`claude_server_proxies`.`created_at` >= 0)
);
--> statement-breakpoint
CREATE TABLE `claude_server_quota_readings` (
	`account_id` varchar(64) NOT NULL,
	`at` bigint NOT NULL,
	`used` double NOT NULL,
	`limit` double NOT NULL,
	CONSTRAINT PRIMARY KEY(`account_id`,`at`),
	CONSTRAINT `quota_readings_at` CHECK(`claude_server_quota_readings`.`at` >= 0)
);
--> statement-breakpoint
CREATE TABLE `claude_server_request_rollups` (
	`grain` bigint NOT NULL,
	`kind` varchar(64) NOT NULL,
	`detail` boolean NOT NULL,
	`start` bigint NOT NULL,
	`subject` varchar(255) NOT NULL,
	`model` varchar(255) NOT NULL,
	`dialect` varchar(64) NOT NULL,
	`status` bigint NOT NULL,
	`outcome` varchar(64) NOT NULL,
	`requests` bigint NOT NULL,
	`failures` bigint NOT NULL,
	`input_tokens` bigint NOT NULL,
	`output_tokens` bigint NOT NULL,
	`cache_read_tokens` bigint NOT NULL,
	`credits` double NOT NULL,
	`input_micro_usd` bigint NOT NULL,
	`output_micro_usd` bigint NOT NULL,
	`duration_ms` bigint NOT NULL,
	CONSTRAINT PRIMARY KEY(`grain`,`kind`,`detail`,`start`,`subject`,`model`,`dialect`,`status`,`outcome`)
);
--> statement-breakpoint
CREATE TABLE `claude_server_requests` (
	`seq` bigint AUTO_INCREMENT PRIMARY KEY,
	`id` varchar(64) NOT NULL,
	`at` bigint NOT NULL,
	`dialect` varchar(64) NOT NULL,
	`key_id` varchar(64),
	`user_id` varchar(64),
	`account_id` varchar(64),
	`model` text NOT NULL,
	`upstream_model` varchar(255),
	`model_reason` text,
	`stream` boolean NOT NULL,
	`status` bigint NOT NULL,
	`error_kind` varchar(64),
	`error_message` text,
	`first_token_ms` bigint,
	`duration_ms` bigint NOT NULL,
	`input_tokens` bigint NOT NULL,
	`input_source` varchar(64) NOT NULL,
	`output_tokens` bigint NOT NULL,
	`output_source` varchar(64) NOT NULL,
	`cache_read_tokens` bigint,
	`credits` double,
	`input_micro_usd` bigint,
	`output_micro_usd` bigint,
	`session` varchar(128),
	`peer` varchar(64) NOT NULL,
	`user_agent` text NOT NULL,
	`attempts` bigint NOT NULL DEFAULT 0,
	`route` mediumtext NOT NULL,
	`notes` mediumtext,
	CONSTRAINT `requests_by_id` UNIQUE INDEX(`id`),
	CONSTRAINT `requests_stream` CHECK(`claude_server_requests`.`stream` in (0, 1)),
	CONSTRAINT `requests_at` CHECK(`claude_server_requests`.`at` >= 0),
	CONSTRAINT `requests_tokens` CHECK(`claude_server_requests`.`input_tokens` >= 0 and `claude_server_requests`.`output_tokens` >= 0)
);
--> statement-breakpoint
CREATE TABLE `claude_server_rollup_marks` (
	`id` bigint PRIMARY KEY,
	`seq` bigint NOT NULL,
	CONSTRAINT `rollup_marks_id` CHECK(`claude_server_rollup_marks`.`id` = 1)
);
--> statement-breakpoint
CREATE TABLE `claude_server_sealed_settings` (
	`name` varchar(191) PRIMARY KEY,
	`sealed` mediumblob NOT NULL,
	`shown` text NOT NULL,
	`updated_at` bigint NOT NULL
);
--> statement-breakpoint
CREATE TABLE `claude_server_session_spans` (
	`session` varchar(128) PRIMARY KEY,
	`first_at` bigint NOT NULL,
	`last_at` bigint NOT NULL
);
--> statement-breakpoint
CREATE TABLE `claude_server_sessions` (
	`hash` varchar(64) PRIMARY KEY,
	`created_at` bigint NOT NULL,
	`last_seen_at` bigint NOT NULL,
	`peer` text NOT NULL,
	`user_agent` text NOT NULL,
	`must_change_password` boolean NOT NULL,
	`subject` varchar(64) NOT NULL DEFAULT 'owner',
	CONSTRAINT `sessions_must_change_password` CHECK(`claude_server_sessions`.`must_change_password` in (0, 1)),
	CONSTRAINT `sessions_hash` CHECK(length(`claude_server_sessions`.`hash`) = 64)
);
--> statement-breakpoint
CREATE TABLE `claude_server_settings` (
	`name` varchar(191) PRIMARY KEY,
	`value` mediumtext NOT NULL
);
--> statement-breakpoint
CREATE TABLE `claude_server_usage_counters` (
	`subject` varchar(128) NOT NULL,
	`period` varchar(16) NOT NULL,
	`requests` bigint NOT NULL,
	`input_tokens` bigint NOT NULL,
	`output_tokens` bigint NOT NULL,
	`input_micro_usd` bigint NOT NULL,
	`output_micro_usd` bigint NOT NULL,
	`credits` double NOT NULL,
	CONSTRAINT PRIMARY KEY(`subject`,`period`)
);
--> statement-breakpoint
CREATE TABLE `claude_server_users` (
	`id` varchar(64) PRIMARY KEY,
	`name` text NOT NULL,
	`email` text,
	`notes` text,
	`enabled` boolean NOT NULL,
	`priority` bigint NOT NULL,
	`expires_at` bigint,
	`models` mediumtext,
	`account_ids` mediumtext,
	`requests_per_minute` bigint,
	`requests_per_day` bigint,
	`tokens_per_day` bigint,
	`tokens_per_month` bigint,
	`micro_usd_per_month` bigint,
	`credits_per_month` double,
	`concurrency` bigint,
	`created_at` bigint NOT NULL,
	`updated_at` bigint NOT NULL,
	CONSTRAINT `users_enabled` CHECK(`claude_server_users`.`enabled` in (0, 1)),
	CONSTRAINT `users_priority` CHECK(`claude_server_users`.`priority` between 0 and 9),
	CONSTRAINT `users_models` CHECK(`claude_server_users`.`models` is null or json_valid(`claude_server_users`.`models`)),
	CONSTRAINT `users_account_ids` CHECK(`claude_server_users`.`account_ids` is null or json_valid(`claude_server_users`.`account_ids`)),
	CONSTRAINT `users_created_at` CHECK(`claude_server_users`.`created_at` >= 0)
);
--> statement-breakpoint
CREATE TABLE `claude_server_vault_marks` (
	`id` bigint PRIMARY KEY,
	`key_id` varchar(64) NOT NULL,
	`trial` mediumblob NOT NULL,
	`salt` mediumblob NOT NULL,
	`created_at` bigint NOT NULL,
	CONSTRAINT `vault_marks_id` CHECK(`claude_server_vault_marks`.`id` = 1)
);
--> statement-breakpoint
CREATE TABLE `claude_server_visitors` (
	`ip` varchar(64) NOT NULL,
	`user_id` varchar(64) NOT NULL,
	`first_at` bigint NOT NULL,
	`last_at` bigint NOT NULL,
	`requests` bigint NOT NULL,
	`failures` bigint NOT NULL,
	CONSTRAINT PRIMARY KEY(`ip`,`user_id`)
);
--> statement-breakpoint
CREATE INDEX `accounts_by_creation` ON `claude_server_accounts` (`created_at`,`id`);--> statement-breakpoint
CREATE INDEX `accounts_by_proxy` ON `claude_server_accounts` (`proxy_id`);--> statement-breakpoint
CREATE INDEX `admin_tokens_by_subject` ON `claude_server_admin_tokens` (`subject`);--> statement-breakpoint
CREATE INDEX `api_keys_by_user` ON `claude_server_api_keys` (`user_id`);--> statement-breakpoint
CREATE INDEX `audit_entries_by_time` ON `claude_server_audit_entries` (`at`);--> statement-breakpoint
CREATE INDEX `audit_entries_by_actor` ON `claude_server_audit_entries` (`actor_id`,`seq`);--> statement-breakpoint
CREATE INDEX `audit_entries_by_target` ON `claude_server_audit_entries` (`target`,`seq`);--> statement-breakpoint
CREATE INDEX `captures_by_expiry` ON `claude_server_captures` (`expires_at`);--> statement-breakpoint
CREATE INDEX `captures_by_key` ON `claude_server_captures` (`key_id`);--> statement-breakpoint
CREATE INDEX `captures_by_time` ON `claude_server_captures` (`at`);--> statement-breakpoint
CREATE INDEX `latency_rollups_by_time` ON `claude_server_latency_rollups` (`grain`,`start`);--> statement-breakpoint
CREATE INDEX `model_mappings_by_key` ON `claude_server_model_mappings` (`key_id`);--> statement-breakpoint
CREATE INDEX `quota_readings_by_time` ON `claude_server_quota_readings` (`at`);--> statement-breakpoint
CREATE INDEX `request_rollups_by_subject` ON `claude_server_request_rollups` (`kind`,`subject`,`detail`,`grain`,`start`);--> statement-breakpoint
CREATE INDEX `requests_in_time` ON `claude_server_requests` (`at`,`seq`);--> statement-breakpoint
CREATE INDEX `requests_failures` ON `claude_server_requests` (`error_kind`,`at`,`seq`);--> statement-breakpoint
CREATE INDEX `session_spans_by_time` ON `claude_server_session_spans` (`last_at`);--> statement-breakpoint
CREATE INDEX `sessions_by_subject` ON `claude_server_sessions` (`subject`);--> statement-breakpoint
CREATE INDEX `sessions_by_last_seen` ON `claude_server_sessions` (`last_seen_at`);--> statement-breakpoint
CREATE INDEX `usage_counters_by_period` ON `claude_server_usage_counters` (`period`);--> statement-breakpoint
CREATE INDEX `users_by_creation` ON `claude_server_users` (`created_at`,`id`);--> statement-breakpoint
CREATE INDEX `visitors_by_time` ON `claude_server_visitors` (`last_at`);--> statement-breakpoint
CREATE INDEX `visitors_by_user` ON `claude_server_visitors` (`user_id`,`last_at`);--> statement-breakpoint
ALTER TABLE `claude_server_account_models` ADD CONSTRAINT `claude_server_account_models_sV0cnmSo7Va7_fkey` FOREIGN KEY (`account_id`) REFERENCES `claude_server_accounts`(`id`) ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE `claude_server_accounts` ADD CONSTRAINT `claude_server_accounts_proxy_id_claude_server_proxies_id_fkey` FOREIGN KEY (`proxy_id`) REFERENCES `claude_server_proxies`(`id`) ON DELETE SET NULL;--> statement-breakpoint
ALTER TABLE `claude_server_api_keys` ADD CONSTRAINT `claude_server_api_keys_user_id_claude_server_users_id_fkey` FOREIGN KEY (`user_id`) REFERENCES `claude_server_users`(`id`) ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE `claude_server_capture_rules` ADD CONSTRAINT `claude_server_capture_rules_EFFXpmGCqeqi_fkey` FOREIGN KEY (`key_id`) REFERENCES `claude_server_api_keys`(`id`) ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE `claude_server_credentials` ADD CONSTRAINT `claude_server_credentials_ie8m6KHIgejf_fkey` FOREIGN KEY (`account_id`) REFERENCES `claude_server_accounts`(`id`) ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE `claude_server_model_mappings` ADD CONSTRAINT `claude_server_model_mappings_bHytjXQk0aT5_fkey` FOREIGN KEY (`key_id`) REFERENCES `claude_server_api_keys`(`id`) ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE `claude_server_quota_readings` ADD CONSTRAINT `claude_server_quota_readings_TbOaHlV9xNJr_fkey` FOREIGN KEY (`account_id`) REFERENCES `claude_server_accounts`(`id`) ON DELETE CASCADE;