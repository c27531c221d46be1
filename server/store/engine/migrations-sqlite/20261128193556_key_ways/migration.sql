ALTER TABLE `api_keys` ADD `compression` text;--> statement-breakpoint
ALTER TABLE `api_keys` ADD `dry_run` integer;