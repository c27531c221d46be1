ALTER TABLE `claude_server_api_keys` ADD `compression` varchar(20);--> statement-breakpoint
ALTER TABLE `claude_server_api_keys` ADD `dry_run` boolean;