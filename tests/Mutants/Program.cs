using Differ.Mutants;

return MutantsCommand.Run(args, Console.Out, Console.Error);
