# Reads a TAP report, its subtests too, and fails if a line is not understood. TAP::Parser before 3.48 knows no version 14.
use strict;
use warnings;
use TAP::Parser;

local $/;
open(my $file, '<', $ARGV[0]) or die "$ARGV[0]: $!";
my $whole = <$file>;
my @inner = ('', '');
for my $line (split /^/, $whole) {
    if ($line =~ /^    (.*)/s) { $inner[1] .= $1 }
    else {
        parse($inner[1]) if $inner[1];
        $inner[1] = '';
        $inner[0] .= $line;
    }
}
parse($inner[0]);

sub parse {
    my ($tap) = @_;
    $tap =~ s/^TAP version 14\n//;
    my $parser = TAP::Parser->new({ tap => "TAP version 13\n$tap" });
    while (my $result = $parser->next) {
        die "not understood: " . $result->as_string . "\n" if $result->is_unknown;
    }
    die join("\n", $parser->parse_errors) . "\n" if $parser->parse_errors;
}
print "TAP is read\n";
