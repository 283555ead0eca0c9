#!/usr/bin/env perl
# watch-secrets.pl STOP-FILE SECRETS-FILE: looks at every process of this machine (lab hosts are containers: theirs are among them) again
# and again until STOP-FILE is there. Prints a line for each process whose arguments or environment hold one of the secrets (lines of
# SECRETS-FILE), or a bootstrap token of ours. Ends with the number of looks.
use strict;
use warnings;

my ($stop, $file) = @ARGV;
open my $in, '<', $file or die "$file: $!";
chomp(my @secrets = <$in>);
close $in;
my $token = qr/\bbv[a-z0-5]{4}\.[a-z0-5]{16}\b/;
my (%seen, $looks);
until (-e $stop) {
    $looks++;
    for my $path (glob '/proc/[0-9]*/cmdline /proc/[0-9]*/environ') {
        open my $fh, '<', $path or next;
        local $/;
        my $text = <$fh> // '';
        close $fh;
        for my $secret (@secrets) {
            print "$path holds a secret\n" if index($text, $secret) >= 0 && !$seen{$path . $secret}++;
        }
        print "$path holds a token\n" if $text =~ $token && !$seen{$path}++;
    }
    select undef, undef, undef, 0.01;
}
print "looks $looks\n";
