ALTER TABLE `accounts` ADD `health_kind` text;--> statement-breakpoint
ALTER TABLE `accounts` ADD `limits` integer;